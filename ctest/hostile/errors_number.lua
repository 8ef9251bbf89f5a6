-- Raises a number that is no number.
-- expect: script_error
error(0 / 0)
