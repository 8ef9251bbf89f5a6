-- A string literal of three megabytes without an end.
-- expect: timeout
-- late: lib
local source = "return [==[" .. ("]=]"):rep(1 << 20)
while true do load(source) end
