-- A number literal of a megabyte.
-- expect: timeout
-- late: lib
local source = "return " .. ("1"):rep(1 << 20)
while true do load(source) end
