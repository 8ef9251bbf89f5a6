-- Yields across pcall and metamethods in a coroutine, which Lua allows.
-- expect: ok
local t = setmetatable({}, { __index = function(_, k) return coroutine.yield(k) end })
local co = coroutine.wrap(function()
    local ok, value = pcall(function() return t.a + t.b end)
    assert(ok and value == 5)
    return "end"
end)
assert(co() == "a" and co(2) == "b" and co(3) == "end")
