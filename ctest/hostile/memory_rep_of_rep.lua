-- Repeats what was repeated.
-- expect: memory
-- limits: deadline_ms=5000
local s = "xyz"
while true do s = s:rep(10) end
