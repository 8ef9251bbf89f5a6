-- Many lazy repetitions in a row: find tries all ways to share out the string.
-- expect: timeout
-- late: lib
return ("a"):rep(40):find(("a-"):rep(40) .. "b")
