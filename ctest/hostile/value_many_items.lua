-- Returns a list of a thousand times the same list.
-- expect: value_error
-- limits: deadline_ms=5000
local row, t = {}, {}
for i = 1, 2000 do row[i] = i end
for i = 1, 2000 do t[i] = row end
return t
