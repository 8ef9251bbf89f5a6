-- Walks a string of nothing but continuation bytes from its end.
-- expect: timeout
-- late: lib
local s = "a" .. ("\x80"):rep(4 << 20) .. "a"
while true do utf8.offset(s, 2) end
