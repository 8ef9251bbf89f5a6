-- Asks for steps of the collector that are as large as can be.
-- expect: timeout
-- late: lib
local t = {}
for i = 1, 100000 do t[i] = { i } end
while true do pcall(collectgarbage, "step", math.maxinteger) end
