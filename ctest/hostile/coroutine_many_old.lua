-- Hundreds of old coroutines, of which the next one goes on when one is ended.
-- expect: timeout
local all = {}
for i = 1, 500 do
    all[i] = coroutine.create(function() coroutine.yield() while true do end end)
    coroutine.resume(all[i])
end
while true do
    for i = 1, #all do coroutine.resume(all[i]) end
end
