-- A substitution that never finds anything to substitute.
-- expect: timeout
-- late: lib
return ("ab"):rep(500):gsub((".-"):rep(12) .. "c", "")
