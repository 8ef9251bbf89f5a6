-- An error at the bottom of a deep stack: the traceback must stay bounded.
-- expect: script_error
-- limits: memory_kib=262144, deadline_ms=5000
local function deep(n)
    if n == 0 then error("at the bottom") end
    return 1 + deep(n - 1)
end
deep(100000)
