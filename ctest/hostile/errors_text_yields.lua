-- Raises a table whose text is made by yielding.
-- expect: script_error
error(setmetatable({}, { __tostring = function() coroutine.yield("x") return "y" end }))
