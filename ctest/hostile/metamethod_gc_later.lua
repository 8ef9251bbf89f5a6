-- The finalizer is put into the metatable after it was set.
-- expect: ok
local mt = { __gc = true }
local called = false
setmetatable({}, mt)
mt.__gc = function() called = true while true do end end
collectgarbage()
assert(not called)
