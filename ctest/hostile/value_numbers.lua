-- Returns all the odd numbers there are.
-- expect: ok
return 0 / 0, -(0 / 0), -0.0, 0.0, math.huge, -math.huge, math.mininteger, 2 ^ 53, 5e-324
