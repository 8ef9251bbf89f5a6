-- Joins a megabyte with itself a hundred times.
-- expect: memory
local s, t = ("x"):rep(1 << 20), {}
for i = 1, 100 do t[i] = s end
return table.concat(t)
