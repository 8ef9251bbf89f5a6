-- Each coroutine makes its successor and ends; a C function drives them, not a loop in Lua.
-- expect: timeout
local step
local function body() step = coroutine.wrap(body) return " " end
step = coroutine.wrap(body)
while true do load(function() return step() end) end
