-- The metamethod of # catches the error and tells a length.
-- expect: timeout
local t = setmetatable({}, {
    __len = function() pcall(function() while true do end end) return 0 end,
})
while #t == 0 do end
