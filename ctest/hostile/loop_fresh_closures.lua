-- Makes closures and throws them away: collector and script take turns.
-- expect: timeout
local function make(n) return function() return n end end
while true do make(1)() end
