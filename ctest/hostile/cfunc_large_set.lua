-- A set of a hundred thousand ranges is searched for each character.
-- expect: timeout
-- late: lib
return ("x"):rep(1 << 20):find("[" .. ("a-c"):rep(100000) .. "]")
