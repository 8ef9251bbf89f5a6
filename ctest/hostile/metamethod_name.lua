-- A __name of any kind may show in messages, and breaks nothing.
-- expect: ok
for _, name in ipairs({ "a\0b", "\xff", ("n"):rep(100000), 42, {}, true }) do
    local odd = setmetatable({}, { __name = name })
    assert(type(tostring(odd)) == "string")
    assert(not pcall(math.floor, odd))
    assert(not pcall(string.rep, odd))
    assert(not pcall(function() return odd + 1 end))
    assert(not pcall(function() return odd < 1 end))
end
