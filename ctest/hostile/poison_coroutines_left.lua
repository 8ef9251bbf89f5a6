-- Leaves suspended coroutines behind that hold their own stacks and open variables.
-- expect: ok
for i = 1, 200 do
    local co = coroutine.create(function()
        local _ <close> = setmetatable({}, { __close = error })
        pcall(coroutine.yield, i)
    end)
    coroutine.resume(co)
end
