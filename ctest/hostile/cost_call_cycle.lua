-- Something that is called by calling itself: the stack is shifted until it is full.
-- expect: timeout|script_error
-- late: c
local t = {}
setmetatable(t, { __call = t })
t()
