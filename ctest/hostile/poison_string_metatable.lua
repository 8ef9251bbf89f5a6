-- Replaces what indexing a string does, by way of its metatable.
-- expect: ok
local mt = getmetatable("")
assert(not pcall(function() mt.__index = function() return 42 end end))
assert(not pcall(function() mt.__add = function() return 42 end end))
assert(not pcall(function() mt.__metatable = nil end))
