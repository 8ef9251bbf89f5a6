-- Makes the coroutine while there is plenty left, and lets it loop later.
-- expect: instructions
-- limits: instructions=100000
local old = coroutine.create(function() coroutine.yield() while true do end end)
coroutine.resume(old)
for _ = 1, 10000 do end
while true do coroutine.resume(old) end
