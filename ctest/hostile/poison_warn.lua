-- Turns warnings on, or takes them away.
-- expect: ok
-- isolation: job
pcall(function() warn("@on") warn("a warning") warn("@off") end)
pcall(function() warn = nil end)
