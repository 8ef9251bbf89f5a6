-- An endless array, and a comparator in C that says yes to everything.
-- expect: timeout
-- late: lib
local t = setmetatable({}, {
    __len = function() return (1 << 31) - 2 end,
    __index = rawlen,
    __newindex = rawequal,
})
while true do pcall(table.sort, t, rawequal) end
