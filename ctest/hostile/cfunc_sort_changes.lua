-- The comparator empties the array that is being sorted.
-- expect: timeout
local function attack()
    local t = {}
    for i = 1, 1000 do t[i] = i end
    table.sort(t, function(a, b)
        for i = 1, #t do t[i] = nil end
        return (a or 0) < (b or 0)
    end)
end
while true do pcall(attack) end
