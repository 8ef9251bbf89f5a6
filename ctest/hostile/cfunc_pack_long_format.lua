-- A format of a million options, packed over and over.
-- expect: timeout
-- late: lib
local format = ("x"):rep(1 << 20)
while true do string.pack(format) end
