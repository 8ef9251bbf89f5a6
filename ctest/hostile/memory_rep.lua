-- Asks for one string that is larger than everything allowed.
-- expect: memory
return #("x"):rep(64 << 20)
