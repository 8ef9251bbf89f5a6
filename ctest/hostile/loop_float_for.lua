-- A for loop whose float counter stops growing long before its end.
-- expect: timeout
for _ = 2.0 ^ 53, math.huge do end
