-- Replaces and changes the host's own table.
-- expect: ok
-- isolation: job
pcall(function() engine.log = nil end)
pcall(function() engine.stolen = true end)
pcall(function() engine = nil end)
