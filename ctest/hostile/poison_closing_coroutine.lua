-- Ends while a coroutine is suspended inside the handler of its __close.
-- expect: ok
local co = coroutine.wrap(function()
    local _ <close> = setmetatable({}, { __close = function() coroutine.yield("closing") end })
    return 1
end)
assert(co() == "closing")
