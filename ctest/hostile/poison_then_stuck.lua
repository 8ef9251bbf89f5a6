-- Poisons, and then gets stuck in a C function.
-- expect: timeout
-- isolation: job
-- late: lib
stray = 1
local find = string.find
pcall(function() string.find = nil end)
find(("a"):rep(40), ("a-"):rep(40) .. "b")
