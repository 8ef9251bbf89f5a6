-- One addition reads a number of a million digits.
-- expect: timeout
-- late: lib
local digits = ("9"):rep(1 << 20)
while true do local _ = digits + 1 end
