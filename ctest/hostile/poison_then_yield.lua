-- Poisons, and then yields out of the job.
-- expect: script_error
-- isolation: job
stray = 1
local yield = coroutine.yield
pcall(function() coroutine.yield = nil end)
yield("out")
