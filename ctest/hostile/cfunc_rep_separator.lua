-- The separator makes the result too long for an integer.
-- expect: script_error
return (""):rep(math.maxinteger, "--")
