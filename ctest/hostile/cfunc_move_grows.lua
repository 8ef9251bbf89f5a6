-- Moves an endless range that a C function makes up into a real table.
-- expect: timeout|memory
-- late: lib
local endless = setmetatable({}, { __index = rawlen })
while true do pcall(table.move, endless, 1, 1 << 50, 1, {}) end
