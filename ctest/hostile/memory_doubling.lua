-- Doubles a string by joining it with itself.
-- expect: memory
-- limits: deadline_ms=5000
local s = "x"
while true do s = s .. s end
