-- Moves a range onto itself from its end, between two tables that are none.
-- expect: timeout
-- late: lib
local t = setmetatable({}, { __index = rawlen, __newindex = rawequal })
while true do pcall(table.move, t, 1, 1 << 50, 3) end
