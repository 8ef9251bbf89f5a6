-- A sort whose items never say which is less.
-- expect: timeout
local mt = { __lt = function() while true do end end }
table.sort({ setmetatable({}, mt), setmetatable({}, mt), setmetatable({}, mt) })
