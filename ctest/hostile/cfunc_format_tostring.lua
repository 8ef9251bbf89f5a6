-- An argument's __tostring never returns.
-- expect: timeout
local odd = setmetatable({}, { __tostring = function() while true do end end })
return ("%s"):format(odd)
