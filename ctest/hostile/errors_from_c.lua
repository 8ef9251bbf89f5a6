-- An error of a C function that was called from a C function.
-- expect: script_error
table.sort({ 3, 2, 1 }, setmetatable)
