-- Ends the process or starts another one.
-- expect: ok
for _, name in ipairs({ "exit", "execute" }) do
    assert(os[name] == nil)
    assert(not pcall(function() os[name](0) end))
end
