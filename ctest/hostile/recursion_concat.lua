-- A __concat that joins the same again.
-- expect: script_error
local t = setmetatable({}, { __concat = function(a, b) return a .. b end })
return t .. t
