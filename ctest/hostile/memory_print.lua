-- Prints a line that does not fit, unless it is printed piece by piece.
-- expect: memory|ok
-- limits: deadline_ms=5000
local s = ("x"):rep(4 << 20)
print(s, s, s, s, s, s, s, s, s, s)
