-- A quarter of a megabyte is not much.
-- expect: memory
-- limits: memory_kib=256
local t = {}
for i = 1, 100000 do t[i] = i end
