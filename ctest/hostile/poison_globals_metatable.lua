-- Lets every unknown global be a function that loops.
-- expect: ok
-- isolation: job
pcall(setmetatable, _G, { __index = function() while true do end end })
