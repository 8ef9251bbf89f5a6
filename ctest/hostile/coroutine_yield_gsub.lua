-- Yields out of a callback of gsub, across a C function.
-- expect: script_error
coroutine.wrap(function() ("abc"):gsub(".", coroutine.yield) end)()
