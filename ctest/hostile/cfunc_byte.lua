-- Asks for all bytes of a long string at once.
-- expect: script_error
return ("x"):rep(4 << 20):byte(1, -1)
