-- A __tostring that asks for its own text.
-- expect: script_error
return #tostring(setmetatable({}, { __tostring = function(t) return tostring(t) end }))
