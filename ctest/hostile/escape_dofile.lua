-- Runs and loads files, and standard input, which would block.
-- expect: ok
for _, name in ipairs({ "/dev/null", "/etc/hostname" }) do
    assert(not pcall(function() dofile(name) end))
    local ok, f = pcall(function() return loadfile(name) end)
    assert(not (ok and f))
end
assert(not pcall(function() dofile() end))
