-- A coroutine catches its end and hands over to one that does the same.
-- expect: timeout
local function body()
    while true do
        pcall(function() while true do end end)
        coroutine.yield()
    end
end
local a, b = coroutine.wrap(body), coroutine.wrap(body)
while true do pcall(a) pcall(b) end
