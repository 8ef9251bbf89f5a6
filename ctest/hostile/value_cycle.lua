-- Returns a table that contains itself.
-- expect: value_error
local t = {}
t.again = t
return t
