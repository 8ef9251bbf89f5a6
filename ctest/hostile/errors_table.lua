-- Raises a table that has no text.
-- expect: script_error
error({ code = 42 })
