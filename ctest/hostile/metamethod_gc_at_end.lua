-- Objects with finalizers are left to whoever closes or collects the state.
-- expect: ok
local function forever() while true do end end
for _ = 1, 100 do setmetatable({}, { __gc = forever, __close = forever }) end
