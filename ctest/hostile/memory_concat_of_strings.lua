-- Joins a list of strings, and puts the result into the list.
-- expect: memory
-- limits: deadline_ms=5000
local t = { ("x"):rep(1000) }
while true do t[#t + 1] = table.concat(t) end
