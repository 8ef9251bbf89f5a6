-- An __eq that compares the same again.
-- expect: script_error
local mt = { __eq = function(a, b) return a == b end }
return setmetatable({}, mt) == setmetatable({}, mt)
