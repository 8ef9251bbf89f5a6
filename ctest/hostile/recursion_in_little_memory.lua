-- Calls itself without an end where the stack may not grow that far.
-- expect: memory
-- limits: memory_kib=4096
local function f() return 1 + f() end
return f()
