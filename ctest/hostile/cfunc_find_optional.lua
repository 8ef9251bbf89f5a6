-- Many optional characters before the same number of required ones.
-- expect: timeout
-- late: lib
return string.find(("a"):rep(35), ("a?"):rep(35) .. ("a"):rep(36))
