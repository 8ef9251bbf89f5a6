-- The memory is used up by the __tostring of the error.
-- expect: memory|script_error
error(setmetatable({}, { __tostring = function() return ("x"):rep(1 << 26) end }))
