-- A mode that is checked and used must be the same value both times.
-- expect: ok
local asked = 0
local mode = setmetatable({}, { __index = string, __tostring = function()
    asked = asked + 1
    return asked == 1 and "t" or "b"
end })
local ok, f = pcall(load, "\27Lua\x54\0", "x", mode)
assert(not ok or not f)
