-- A metatable that is its own and has a finalizer.
-- expect: ok
local called = false
do
    local t = { __gc = function() called = true end }
    setmetatable(t, t)
end
collectgarbage()
collectgarbage()
assert(not called)
