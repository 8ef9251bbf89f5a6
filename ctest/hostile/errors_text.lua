-- Raises a table that has a text.
-- expect: script_error
error(setmetatable({}, { __tostring = function() return "a text of its own" end }))
