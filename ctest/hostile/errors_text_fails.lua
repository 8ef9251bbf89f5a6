-- Raises a table whose text cannot be made, since making it raises an error.
-- expect: script_error
error(setmetatable({}, { __tostring = function() error("no text", 0) end }))
