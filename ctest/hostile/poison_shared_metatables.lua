-- Tries to give metatables to the types that share one.
-- expect: ok
for _, value in ipairs({ 1, true, "s", print, coroutine.create(print) }) do
    assert(not pcall(setmetatable, value, { __index = _G, __call = print }))
    assert(not getmetatable(value))
end
assert(not pcall(setmetatable, nil, {}))
