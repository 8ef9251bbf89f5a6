-- A __newindex function that writes the same field again.
-- expect: script_error
local t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end })
t.x = 1
