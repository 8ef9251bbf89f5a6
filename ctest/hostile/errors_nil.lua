-- Raises nothing at all.
-- expect: script_error
error()
