-- Unpacks an array that a C function makes up, over and over.
-- expect: timeout
-- late: lib
local t = setmetatable({}, { __index = rawlen })
while true do select("#", table.unpack(t, 1, 200000)) end
