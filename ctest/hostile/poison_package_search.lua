-- Changes how require finds modules.
-- expect: ok
-- isolation: job
pcall(function() package.preload.string = function() return "stolen" end end)
pcall(function() package.searchers = { function() return function() return {} end end } end)
pcall(function() package.path, package.cpath = "/dev/null", "/tmp/?.so" end)
pcall(function() package.loaded = {} end)
