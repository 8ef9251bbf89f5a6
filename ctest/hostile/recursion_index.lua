-- An __index function that reads the same field again.
-- expect: script_error
local t = setmetatable({}, { __index = function(t, k) return t[k] end })
return t.x
