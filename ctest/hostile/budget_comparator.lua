-- The instructions are used up inside a comparator that a C function calls.
-- expect: instructions
-- limits: instructions=100000
local t = {}
for i = 1, 200 do t[i] = i end
while true do
    table.sort(t, function(a, b)
        for _ = 1, 100 do end
        return a < b
    end)
end
