-- Calls itself without an end.
-- expect: script_error
-- limits: memory_kib=262144, deadline_ms=5000
local function f() return 1 + f() end
return f()
