-- More directives than arguments.
-- expect: script_error
return ("%s"):rep(1000):format(1)
