-- Catches the overflow of the stack and starts again.
-- expect: timeout
-- limits: memory_kib=262144
local function f() return 1 + f() end
while true do assert(not pcall(f)) end
