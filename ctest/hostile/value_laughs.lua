-- Returns a small table that unfolds into 2^40 items.
-- expect: value_error
-- limits: deadline_ms=5000
local t = { 1 }
for _ = 1, 40 do t = { t, t } end
return t
