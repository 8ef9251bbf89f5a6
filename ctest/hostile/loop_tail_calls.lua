-- Two functions that call each other at their tails: the stack does not grow.
-- expect: timeout
local ping
local function pong(n) return ping(n + 1) end
function ping(n) return pong(n - 1) end
return ping(0)
