-- Hangs finalizers and handlers on the globals and libraries.
-- expect: ok
-- isolation: job
local function forever() while true do end end
for _, t in ipairs({ _G, string, table, coroutine, engine }) do
    pcall(setmetatable, t, { __gc = forever, __close = forever, __pairs = forever })
end
