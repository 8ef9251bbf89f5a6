-- Few instructions: each turns two megabytes around.
-- expect: timeout
-- late: lib
local s = ("xy"):rep(1 << 20)
while true do s:reverse():lower() end
