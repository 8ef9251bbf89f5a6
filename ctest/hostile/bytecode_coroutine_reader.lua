-- A coroutine gives bytecode to load.
-- expect: ok
local reader = coroutine.wrap(function()
    coroutine.yield("\27")
    coroutine.yield("Lua\x54")
end)
local ok, f = pcall(load, reader, "x", "b")
assert(not ok or not f)
