-- Sorts long strings that differ only at their ends.
-- expect: timeout
-- late: lib
local base, t = ("x"):rep(20000), {}
for i = 1, 500 do t[i] = base .. i end
while true do
    table.sort(t)
    table.sort(t, function(a, b) return a > b end)
end
