-- Calls a wrapped coroutine that has ended.
-- expect: script_error
local co = coroutine.wrap(function() end)
co()
co()
