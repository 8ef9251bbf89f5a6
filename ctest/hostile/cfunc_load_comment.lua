-- Compiles a comment without an end, in pieces of a megabyte.
-- expect: timeout
-- late: lib
local piece = ("-"):rep(1 << 20)
while true do load(function() return piece end) end
