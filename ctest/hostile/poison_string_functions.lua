-- Replaces all functions of the string library, which methods of strings use, by loops.
-- expect: ok
-- isolation: job
local function forever() while true do end end
pcall(function() for name in pairs(string) do string[name] = forever end end)
