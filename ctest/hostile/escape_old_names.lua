-- Tries what older Luas and other hosts call their doors.
-- expect: ok
for _, name in ipairs({ "loadstring", "setfenv", "getfenv", "newproxy", "module", "jit", "ffi",
    "unpack", "gcinfo", "Lua", "mlua", "__rust", "arg" }) do
    assert(rawget(_G, name) == nil, name)
end
