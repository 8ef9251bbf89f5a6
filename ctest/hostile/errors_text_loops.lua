-- Raises a table whose text takes for ever.
-- expect: timeout
error(setmetatable({}, { __tostring = function() while true do end end }))
