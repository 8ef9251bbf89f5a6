-- A message of no length.
-- expect: script_error
error("", 0)
