-- Doubles the number of its arguments.
-- expect: memory|script_error
-- limits: deadline_ms=5000
local function double(...)
    local t = { ... }
    for i = 1, #t do t[#t + 1] = i end
    return double(table.unpack(t))
end
double(1, 2)
