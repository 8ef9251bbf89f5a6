-- A message of nothing but NULs.
-- expect: script_error
error("\0\0\0\0", 0)
