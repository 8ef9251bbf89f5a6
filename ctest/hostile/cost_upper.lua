-- Few instructions: each turns two megabytes into capitals.
-- expect: timeout
-- late: lib
local s = ("x"):rep(2 << 20)
while true do s:upper() end
