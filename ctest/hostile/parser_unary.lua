-- A hundred thousand negations before a number.
-- expect: ok
assert(not load("return " .. ("not "):rep(50000) .. "1"))
assert(not load("return " .. ("- "):rep(50000) .. "1"))
