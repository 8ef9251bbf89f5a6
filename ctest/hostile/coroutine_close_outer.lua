-- Closes, from within a coroutine, the one that the job runs in.
-- expect: script_error
local outer = coroutine.running()
coroutine.wrap(function() coroutine.close(outer) end)()
