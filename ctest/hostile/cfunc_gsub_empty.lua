-- Substitutes at each place between the characters of a long string.
-- expect: timeout
-- late: lib
local s = ("x"):rep(1 << 20)
while true do s:gsub("", "") end
