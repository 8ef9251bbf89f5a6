-- Changes what pi is, and the largest integer.
-- expect: ok
-- isolation: job
pcall(function() math.pi, math.maxinteger, math.huge = 3, 0, -1 end)
