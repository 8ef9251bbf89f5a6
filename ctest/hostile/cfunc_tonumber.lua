-- Reads a number of a million digits in base 36.
-- expect: timeout
-- late: lib
local digits = ("z"):rep(1 << 20)
while true do tonumber(digits, 36) tonumber("0x" .. digits) end
