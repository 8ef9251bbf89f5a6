-- Compiles a long chunk over and over.
-- expect: timeout
-- late: lib
local source = ("do local a = 1 + 2 local b = a .. 'x' end "):rep(4000)
while true do load(source) end
