-- Two things that are called by calling each other; the cycle closes after the metatables are set.
-- expect: timeout|script_error
-- late: c
local one, other = {}, {}
local a, b = setmetatable({}, one), setmetatable({}, other)
one.__call, other.__call = b, a
a(1, 2, 3)
