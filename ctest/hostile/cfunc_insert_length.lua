-- Makes room at the front of an array that claims to be endless.
-- expect: timeout
-- late: lib
local t = setmetatable({}, { __len = function() return 1 << 50 end })
while true do pcall(table.insert, t, 1, "x") end
