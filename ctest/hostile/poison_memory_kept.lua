-- Leaves twenty megabytes behind in a global.
-- expect: ok
-- isolation: job
-- limits: deadline_ms=5000
kept = {}
for i = 1, 10 do kept[i] = ("x"):rep(2 << 20) end
