-- Spreads its work over coroutines that each end before a thousand instructions.
-- expect: instructions
-- limits: instructions=100000
local function slice() for _ = 1, 50 do end end
while true do coroutine.wrap(slice)() end
