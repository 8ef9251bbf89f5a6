-- Calls a global that does not exist.
-- expect: script_error
no_such_function(1, 2, 3)
