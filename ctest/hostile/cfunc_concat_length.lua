-- Joins empty strings as often as __len says.
-- expect: timeout
-- late: lib
local t = setmetatable({}, {
    __index = function() return "" end,
    __len = function() return 1 << 50 end,
})
while true do pcall(table.concat, t) end
