-- Dumps a function and loads it again.
-- expect: ok
local ok, code = pcall(string.dump, function() return 1 end)
if ok then
    assert(not load(code))
    local loaded, f = pcall(load, code, "x", "b")
    assert(not loaded or not f)
end
