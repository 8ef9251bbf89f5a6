-- A table that passes on what is written to it to itself.
-- expect: script_error
local t = {}
setmetatable(t, { __newindex = t })
t.x = 1
