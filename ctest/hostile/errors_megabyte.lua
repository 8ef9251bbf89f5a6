-- A message of a megabyte.
-- expect: script_error
error(("message "):rep(1 << 17))
