-- Dumps a C function.
-- expect: script_error
return string.dump(math.floor)
