-- The handler of an overflow goes on calling.
-- expect: ok
-- limits: memory_kib=262144, deadline_ms=5000
local function f() return 1 + f() end
assert(not xpcall(f, f))
assert(not xpcall(f, function() return f() end))
