-- Has require load a file as a module.
-- expect: ok
pcall(function() package.path = "/dev/null;./?.lua;/usr/share/lua/5.4/?.lua" end)
assert(not pcall(require, "anything"))
assert(not pcall(require, "/dev/null"))
