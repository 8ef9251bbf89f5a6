-- The loop that cannot end drives a coroutine that catches everything.
-- expect: timeout
local function forever() while true do end end
for _ in coroutine.wrap(function()
    while true do
        pcall(forever)
        coroutine.yield(true)
    end
end) do end
