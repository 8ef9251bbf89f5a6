-- The pattern bomb goes off inside a coroutine inside pcall.
-- expect: timeout
-- late: lib
local function bomb() return ("a"):rep(50):match(("a-"):rep(30) .. "b") end
while true do pcall(coroutine.wrap(bomb)) end
