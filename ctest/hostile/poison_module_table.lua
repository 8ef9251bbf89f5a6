-- Changes a library by way of what require gives.
-- expect: ok
-- isolation: job
pcall(function() require("string").format = nil end)
pcall(function() require("engine").log = nil end)
pcall(function() require("_G").tostring = nil end)
