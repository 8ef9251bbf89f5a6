-- Catches the error inside __tostring, called by tostring.
-- expect: timeout
local odd = setmetatable({}, {
    __tostring = function() pcall(function() while true do end end) return "x" end,
})
while true do tostring(odd) end
