-- Raises the table of all globals.
-- expect: script_error
error(_G)
