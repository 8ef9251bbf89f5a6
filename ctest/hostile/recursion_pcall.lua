-- Goes as deep as it can under pcall, and takes the error for an answer.
-- expect: ok
-- limits: memory_kib=262144, deadline_ms=5000
local function f() return pcall(f) end
f()
return "back"
