-- Making the error's text overflows the stack.
-- expect: script_error
error(setmetatable({}, { __tostring = function(t) return "x" .. tostring(t) end }))
