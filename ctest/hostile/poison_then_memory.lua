-- Poisons, and then uses up the memory.
-- expect: memory
-- isolation: job
-- limits: deadline_ms=5000
stray = 1
pcall(function() string.rep, kept = nil, string.rep end)
local s = "x"
while true do s = s .. s end
