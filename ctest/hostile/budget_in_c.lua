-- Needs few instructions, since a C function does the looping.
-- expect: timeout|instructions
-- limits: instructions=100000
-- late: lib
return ("a"):rep(40):find(("a-"):rep(40) .. "b")
