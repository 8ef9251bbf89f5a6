-- Returns a table that pretends to be another one.
-- expect: ok
local function length() return 10 end
return setmetatable({}, { __index = { secret = 1 }, __len = length, __name = "list" })
