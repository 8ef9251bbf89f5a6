-- Returns an array of a hundred thousand items, which is allowed.
-- expect: ok
-- limits: deadline_ms=5000
local t = {}
for i = 1, 100000 do t[i] = i * 0.5 end
return t
