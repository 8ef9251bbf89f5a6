-- The text of the last result is a table.
-- expect: value_error
return setmetatable({}, { __tostring = function() return {} end })
