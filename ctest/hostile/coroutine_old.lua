-- The coroutine that loops is older than any hook that the deadline sets.
-- expect: timeout
local old = coroutine.wrap(function() coroutine.yield() while true do end end)
old()
old()
