-- A new coroutine for each few instructions: a hook that counts per coroutine never fires.
-- expect: timeout
local n = 0
local function slice() for _ = 1, 100 do n = n + 1 end end
while true do coroutine.resume(coroutine.create(slice)) end
