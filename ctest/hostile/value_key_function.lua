-- Returns a table whose key is a function.
-- expect: value_error
return { [print] = 1 }
