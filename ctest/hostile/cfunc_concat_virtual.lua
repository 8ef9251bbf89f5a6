-- Joins an array without an end whose items a C function gives.
-- expect: timeout|memory
-- late: lib
local t = setmetatable({}, { __index = type, __len = function() return math.maxinteger - 1 end })
while true do pcall(table.concat, t, "", 1, math.maxinteger - 1) end
