-- Few calls, but each one takes hundreds of places on the stack.
-- expect: script_error
-- limits: memory_kib=262144, deadline_ms=5000
local function f(...) return 1 + f(1, 2, 3, ...) end
return f(table.unpack({}, 1, 5000))
