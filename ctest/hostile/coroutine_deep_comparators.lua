-- Sorts within comparators within coroutines within comparators.
-- expect: timeout
local function nest(depth)
    return function(a, b)
        if depth > 0 then
            coroutine.wrap(function() table.sort({ 4, 3, 2, 1 }, nest(depth - 1)) end)()
        end
        return a < b
    end
end
while true do pcall(table.sort, { 4, 3, 2, 1 }, nest(20)) end
