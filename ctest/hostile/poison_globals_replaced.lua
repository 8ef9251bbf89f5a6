-- Puts another table into the global `_G`.
-- expect: ok
-- isolation: job
pcall(function() _G = setmetatable({}, { __index = error }) end)
