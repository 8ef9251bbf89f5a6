-- Few instructions: each copies almost all of a long string.
-- expect: timeout
-- late: lib
local s = ("x"):rep(4 << 20)
while true do local _ = s:sub(2) end
