-- Asks for all characters of a long string at once.
-- expect: script_error
return utf8.codepoint(("x"):rep(4 << 20), 1, -1)
