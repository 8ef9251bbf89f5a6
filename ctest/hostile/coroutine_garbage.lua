-- Leaves suspended coroutines to the collector as fast as it can.
-- expect: timeout
while true do coroutine.wrap(function() coroutine.yield() end)() end
