-- Gives the string library a metatable whose __index raises errors.
-- expect: ok
-- isolation: job
pcall(setmetatable, string, { __index = function() error("gotcha") end, __metatable = false })
