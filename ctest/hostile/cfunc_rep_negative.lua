-- Repeats less than never, which is an empty string.
-- expect: ok
assert(("x"):rep(math.mininteger) == "")
