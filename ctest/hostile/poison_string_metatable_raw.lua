-- Goes for the metatable of strings with raw access and through setmetatable.
-- expect: ok
assert(not pcall(rawset, getmetatable(""), "__index", {}))
assert(not pcall(setmetatable, "", {}))
assert(not pcall(setmetatable, getmetatable(""), {}))
