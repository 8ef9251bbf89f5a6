-- Raises a function.
-- expect: script_error
error(print)
