-- The memory is used up under pcall inside wrap, and the coroutine goes on yielding.
-- expect: memory
-- limits: deadline_ms=5000
for _ in coroutine.wrap(function()
    while true do
        pcall(string.rep, "x", 1 << 30)
        coroutine.yield(true)
    end
end) do end
