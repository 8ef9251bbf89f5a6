-- A comparator that throws dice.
-- expect: timeout
local t = {}
for i = 1, 1000 do t[i] = i end
while true do pcall(table.sort, t, function() return math.random(2) == 1 end) end
