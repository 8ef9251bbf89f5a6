-- Hides bytecode behind a byte order mark, a first line with #, and white space.
-- expect: ok
for _, start in ipairs({ "\xef\xbb\xbf", "#!lua\n", " ", "\n", "\0" }) do
    assert(not load(start .. "\27Lua\x54\0"))
end
