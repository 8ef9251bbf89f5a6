-- Stays within its budget, and must be left alone.
-- expect: ok
-- limits: instructions=1000000
local n = 0
for i = 1, 10000 do n = n + i end
return n
