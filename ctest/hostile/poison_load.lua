-- Replaces load, by one that knows the true one.
-- expect: ok
-- isolation: job
local true_load = load
pcall(function() load = function(s) return true_load("return 'stolen'", s) end end)
