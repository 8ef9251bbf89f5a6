-- Returns the same table twice, which is no cycle.
-- expect: ok
local t = { 1 }
return { t, t }, t
