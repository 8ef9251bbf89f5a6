-- A finalizer that never returns, and then a collection.
-- expect: ok
setmetatable({}, { __gc = function() while true do end end })
collectgarbage()
return "collected"
