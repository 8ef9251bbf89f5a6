-- Keeps ever more empty tables.
-- expect: memory
-- limits: deadline_ms=5000
local t = {}
while true do t[#t + 1] = {} end
