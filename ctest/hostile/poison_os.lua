-- Replaces the clock.
-- expect: ok
-- isolation: job
pcall(function() os.time = function() return "never" end os.clock = nil end)
