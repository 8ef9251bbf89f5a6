-- Hides a counter in a function that it puts into a library.
-- expect: ok
-- isolation: job
local calls, floor = 0, math.floor
pcall(function()
    math.floor = function(x) calls = calls + 1 return floor(x) + calls end
end)
