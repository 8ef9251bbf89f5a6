-- Greedy captures in a row that fail at the very end.
-- expect: timeout
-- late: lib
return string.match(("a"):rep(2000), ("(a*)"):rep(8) .. "b")
