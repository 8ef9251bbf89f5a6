-- Loads machine code by name.
-- expect: ok
assert(not pcall(function() return package.loadlib("libc.so.6", "*") end))
assert(package == nil or package.loadlib == nil)
