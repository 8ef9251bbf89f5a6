-- Passes more values to a coroutine than there is room left on its stack.
-- expect: ok
-- limits: memory_kib=262144, deadline_ms=5000
local function hold(...) return coroutine.yield(), ... end
local co = coroutine.create(hold)
assert(coroutine.resume(co, table.unpack({}, 1, 900000)))
assert(not coroutine.resume(co, table.unpack({}, 1, 900000)))
