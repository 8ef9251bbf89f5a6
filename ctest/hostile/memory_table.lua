-- Grows one array.
-- expect: memory
-- limits: deadline_ms=5000
local t = {}
for i = 1, math.huge do t[i] = i end
