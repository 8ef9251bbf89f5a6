-- The text of the last result cannot be made.
-- expect: value_error
return setmetatable({}, { __tostring = function() error("no text") end })
