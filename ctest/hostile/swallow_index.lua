-- A metamethod catches the error, so that reading a field takes for ever.
-- expect: timeout
local t = setmetatable({}, {
    __index = function() while true do pcall(function() while true do end end) end end,
})
return t.field
