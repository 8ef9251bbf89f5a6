-- The length of the result does not fit into an integer.
-- expect: script_error
return ("xx"):rep(math.maxinteger)
