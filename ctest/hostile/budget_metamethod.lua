-- The instructions are used up inside a metamethod.
-- expect: instructions
-- limits: instructions=100000
local odd = setmetatable({}, { __add = function() while true do end end })
return odd + 1
