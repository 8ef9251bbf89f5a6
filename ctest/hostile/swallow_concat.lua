-- The metamethod of .. catches the error and gives an empty string.
-- expect: timeout
local odd = setmetatable({}, {
    __concat = function() pcall(function() while true do end end) return "" end,
})
while true do local _ = odd .. "x" end
