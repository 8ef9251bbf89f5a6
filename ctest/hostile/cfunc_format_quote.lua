-- Quotes a long string in which each character needs an escape.
-- expect: timeout
-- late: lib
local s = ("\0"):rep(1 << 20)
while true do ("%q"):format(s) end
