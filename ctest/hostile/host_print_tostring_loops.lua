-- Prints a value whose __tostring never returns, under pcall.
-- expect: timeout
local odd = setmetatable({}, { __tostring = function() while true do end end })
while true do pcall(print, odd) end
