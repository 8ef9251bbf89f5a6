-- Has require load machine code.
-- expect: ok
pcall(function() package.cpath = "/usr/lib/?.so;/lib/x86_64-linux-gnu/?.so.6" end)
for _, name in ipairs({ "libc", "socket.core", "ffi", "posix", "lfs", "a.b.c" }) do
    assert(not pcall(require, name), name)
end
