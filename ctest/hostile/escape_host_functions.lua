-- The host's functions carry nothing that a script could get at.
-- expect: ok
for _, f in pairs(engine) do
    assert(type(f) == "function" and not getmetatable(f))
    assert(not pcall(function() return f.x end))
end
assert(not pcall(string.dump, engine.log))
