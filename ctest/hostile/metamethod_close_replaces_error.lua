-- Each handler of __close replaces the error of the one before.
-- expect: script_error
local function guard(name)
    return setmetatable({}, { __close = function(_, why) error(name .. tostring(why), 0) end })
end
local _ <close> = guard("a")
local _ <close> = guard("b")
error("first", 0)
