-- Prints megabytes at a time.
-- expect: timeout
-- late: lib
local s = ("x"):rep(1 << 20)
while true do print(s) end
