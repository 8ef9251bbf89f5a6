-- Yields out of a comparator, across a C function.
-- expect: script_error
coroutine.wrap(function() table.sort({ 3, 2, 1 }, coroutine.yield) end)()
