-- The metamethod of < catches the error, and the sort that called it goes on.
-- expect: timeout
local mt = { __lt = function() pcall(function() while true do end end) return false end }
local t = {}
for i = 1, 50 do t[i] = setmetatable({}, mt) end
while true do pcall(table.sort, t) end
