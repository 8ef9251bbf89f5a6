-- A call with more arguments than there are registers.
-- expect: ok
assert(not load("f(" .. ("a, "):rep(300) .. "a)"))
