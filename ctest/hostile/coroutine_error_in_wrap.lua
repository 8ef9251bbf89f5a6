-- An error that is a table passes through ten coroutines unchanged.
-- expect: ok
local mine = {}
local f = function() error(mine) end
for _ = 1, 10 do
    local inner = f
    f = function() coroutine.wrap(inner)() end
end
local ok, why = pcall(f)
assert(not ok and why == mine)
