-- Raises a table whose text is a table.
-- expect: script_error
error(setmetatable({}, { __tostring = function() return {} end }))
