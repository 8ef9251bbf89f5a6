-- Collects all garbage over a heap of many small tables, again and again.
-- expect: timeout
-- late: lib
local t = {}
for i = 1, 100000 do t[i] = { i } end
while true do collectgarbage() end
