-- A hundred variables have to be closed, and each handler raises an error of its own.
-- expect: timeout
-- late: lib
local function open(n)
    local _ <close> = setmetatable({}, { __close = function() error(n) end })
    if n == 100 then while true do end end
    open(n + 1)
end
while true do pcall(open, 1) end
