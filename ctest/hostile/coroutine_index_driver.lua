-- A metamethod of a C function's argument is a coroutine.
-- expect: timeout
local co = coroutine.wrap(function() while true do coroutine.yield("x") end end)
local t = setmetatable({}, { __index = co })
while true do table.concat(t, "", 1, 1000) end
