-- The error's message takes all the memory there is.
-- expect: memory
-- limits: deadline_ms=5000
local s = "x"
while true do s = select(2, pcall(error, s .. s, 0)) end
