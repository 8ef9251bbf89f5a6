-- Returns a C function, deep in a table.
-- expect: value_error
return { { { print } } }
