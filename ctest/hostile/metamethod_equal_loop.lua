-- A comparison that never ends.
-- expect: timeout
local mt = { __eq = function() while true do end end }
return setmetatable({}, mt) == setmetatable({}, mt)
