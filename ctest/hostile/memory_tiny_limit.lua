-- A limit that a fresh state exceeds already.
-- expect: memory
-- limits: memory_kib=1
local t = {}
for i = 1, 1000 do t[i] = { i } end
