-- Ends while coroutines with open variables are suspended: nobody may run their handlers later.
-- expect: ok
for _ = 1, 100 do
    coroutine.wrap(function()
        local _ <close> = setmetatable({}, { __close = function() while true do end end })
        coroutine.yield()
    end)()
end
