-- A pattern that ends in the middle of an escape.
-- expect: script_error
return ("x"):find("%")
