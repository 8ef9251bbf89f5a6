-- Works for some time and returns before its deadline: not hostile, and must not be taken for it.
-- expect: ok
-- limits: deadline_ms=1000
local start, n = os.clock(), 0
while os.clock() - start < 0.06 do n = n + 1 end
return n > 0
