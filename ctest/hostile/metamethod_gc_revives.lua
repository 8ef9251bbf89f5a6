-- A finalizer that gives its object a finalizer again.
-- expect: ok
local mt, count = {}, 0
function mt.__gc() count = count + 1 setmetatable({}, mt) end
setmetatable({}, mt)
for _ = 1, 10 do collectgarbage() end
assert(count == 0)
