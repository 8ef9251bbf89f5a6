-- Asks for the traceback of a deep stack, over and over.
-- expect: timeout
-- limits: memory_kib=262144
local function deep(n)
    if n == 0 then while true do debug.traceback() end end
    return 1 + deep(n - 1)
end
deep(50000)
