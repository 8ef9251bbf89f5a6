-- Finalizers would bring back what is collected; they are never called.
-- expect: ok
local saved = {}
local function revive(t) saved[#saved + 1] = t end
for _ = 1, 1000 do setmetatable({ ("x"):rep(100) }, { __gc = revive }) end
collectgarbage()
collectgarbage()
assert(#saved == 0)
