-- Raises false, which looks like no error to careless code.
-- expect: script_error
error(false)
