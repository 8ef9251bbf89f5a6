-- Two coroutines that hand control to each other through a scheduler.
-- expect: timeout
local function body() while true do coroutine.yield() end end
local a, b = coroutine.create(body), coroutine.create(body)
while coroutine.resume(a) and coroutine.resume(b) do end
