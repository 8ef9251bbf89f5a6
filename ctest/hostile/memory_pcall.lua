-- Catches the error and returns as if nothing had happened.
-- expect: memory
local ok, why = pcall(string.rep, "x", 1 << 30)
assert(not ok and why)
return "fine"
