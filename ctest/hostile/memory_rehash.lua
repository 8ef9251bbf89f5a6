-- A table that fits as long as it is not copied for one more item.
-- expect: memory
-- limits: deadline_ms=5000
local t = {}
for i = 1, (1 << 19) + 1 do t[i + 0.5] = true end
