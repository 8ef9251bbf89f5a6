-- One instruction copies four megabytes.
-- expect: timeout
local s = ("x"):rep(4 << 20)
while true do local _ = s .. "y" end
