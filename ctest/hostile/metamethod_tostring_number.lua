-- A __tostring that gives a table.
-- expect: script_error
return #tostring(setmetatable({}, { __tostring = function() return {} end }))
