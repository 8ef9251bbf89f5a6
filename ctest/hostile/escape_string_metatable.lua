-- Gets at the string library's table through the metatable of strings.
-- expect: ok
assert(getmetatable("") == false)
assert(not pcall(function() return getmetatable("").__index end))
