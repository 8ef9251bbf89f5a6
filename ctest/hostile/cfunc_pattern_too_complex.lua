-- A pattern that nests deeper than the matcher allows.
-- expect: script_error
return ("x"):rep(300000):match((".?"):rep(300000))
