-- Asks for bytecode in every way there is to say it.
-- expect: ok
for _, mode in ipairs({ "b", "bt", "tb", "bb", "b\0t", "xb", "" }) do
    local ok, f = pcall(load, "\27Lua\x54\0", "x", mode)
    assert(not ok or not f)
end
