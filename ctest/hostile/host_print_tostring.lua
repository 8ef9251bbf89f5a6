-- Prints a value whose __tostring gives no string.
-- expect: script_error
print(setmetatable({}, { __tostring = function() return {} end }))
