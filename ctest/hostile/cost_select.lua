-- Walks its arguments by select, which takes time by the square of their number.
-- expect: timeout
local function sum(...)
    local n = 0
    for i = 1, select("#", ...) do n = n + select(i, ...) end
    return n
end
local t = {}
for i = 1, 100000 do t[i] = 1 end
while true do sum(table.unpack(t)) end
