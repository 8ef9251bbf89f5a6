-- Fills and empties a table so that nearly every store rebuilds it.
-- expect: timeout
local t = {}
for i = 1, 100000 do t[-i] = i end
while true do
    for i = 1, 100000 do t[-i] = nil end
    for i = 1, 100000 do t[i + 0.5] = i end
    for i = 1, 100000 do t[i + 0.5] = nil end
    for i = 1, 100000 do t[-i] = i end
end
