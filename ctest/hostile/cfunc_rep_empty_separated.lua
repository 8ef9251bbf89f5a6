-- Repeats nothing with nothing in between, from a method call.
-- expect: ok|timeout
-- late: lib
return ("").rep("", math.maxinteger, "")
