-- Returns a table that contains itself after ten steps.
-- expect: value_error
local first = {}
local t = first
for _ = 1, 10 do t[1] = {} t = t[1] end
t[1] = first
return first
