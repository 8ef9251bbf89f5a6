-- Gives a level that is no number.
-- expect: script_error
error("x", {})
