-- Divides the smallest integer by -1, and then something by zero.
-- expect: script_error
local zero = #""
assert(math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0)
return 1 // zero
