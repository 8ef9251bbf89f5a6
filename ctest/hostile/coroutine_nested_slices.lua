-- Forty coroutines within each other, of which each does next to nothing between yields.
-- expect: timeout
local function nest(depth)
    if depth == 0 then return function() while true do coroutine.yield() end end end
    local inner = coroutine.wrap(nest(depth - 1))
    return function() while true do inner() coroutine.yield() end end
end
local outer = coroutine.wrap(nest(40))
while true do outer() end
