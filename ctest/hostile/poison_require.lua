-- Replaces require itself.
-- expect: ok
-- isolation: job
pcall(function() require = function() return {} end end)
