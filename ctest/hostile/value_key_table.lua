-- Returns a table whose key is a table.
-- expect: value_error
return { [{}] = 1 }
