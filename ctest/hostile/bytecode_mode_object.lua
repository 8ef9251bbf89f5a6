-- Gives a mode that is no string, but pretends to be one.
-- expect: ok
local fake = setmetatable({}, { __tostring = function() return "b" end, __index = string })
for _, mode in ipairs({ fake, 98, true }) do
    local ok, f = pcall(load, "\27Lua\x54\0", "x", mode)
    assert(not ok or not f)
end
