-- Looks for balanced brackets where only opening ones are: each start reads to the end.
-- expect: timeout
-- late: lib
return ("("):rep(1 << 20):find("%b()")
