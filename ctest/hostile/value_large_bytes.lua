-- Returns the same megabyte a hundred times.
-- expect: value_error
-- limits: deadline_ms=5000
local s, t = ("x"):rep(1 << 20), {}
for i = 1, 100 do t[i] = s end
return t
