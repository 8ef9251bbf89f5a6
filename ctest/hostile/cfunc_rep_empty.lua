-- Repeats nothing, as often as possible.
-- expect: ok|timeout
-- late: lib
return string.rep("", math.maxinteger)
