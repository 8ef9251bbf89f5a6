-- Returns a hundred thousand values.
-- expect: ok
-- limits: deadline_ms=5000
local t = {}
for i = 1, 100000 do t[i] = i end
return table.unpack(t)
