-- The text of the last result is made by yielding.
-- expect: value_error
return setmetatable({}, { __tostring = function() coroutine.yield() return "x" end })
