-- A back reference compares long captures at each place.
-- expect: timeout
-- late: lib
return ("a"):rep(100000):find("(a*)b%1")
