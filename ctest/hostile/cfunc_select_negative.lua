-- Selects from far before the first argument.
-- expect: script_error
return select(-1000000000, 1, 2)
