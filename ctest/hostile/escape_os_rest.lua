-- Looks whether os has anything beyond the four functions about time.
-- expect: ok
local allowed = { clock = true, date = true, time = true, difftime = true }
for name in pairs(os) do assert(allowed[name], name) end
