-- The loop runs while the arguments of another call are worked out.
-- expect: timeout
local function endless(n) for _ = 1, math.huge do n = n + 1 end return n end
string.format("%d %d", endless(1), endless(2))
