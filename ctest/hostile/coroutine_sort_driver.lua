-- sort resumes a coroutine for each comparison.
-- expect: timeout
local co = coroutine.wrap(function(a, b)
    while true do a, b = coroutine.yield(a < b) end
end)
local t = {}
while true do
    for i = 1, 1000 do t[i] = i * 7919 % 1000 end
    table.sort(t, co)
end
