-- Passes a hundred thousand values in and out of a coroutine.
-- expect: ok
-- limits: deadline_ms=5000
local co = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
local t = {}
for i = 1, 100000 do t[i] = i end
for _ = 1, 3 do assert(select("#", co(table.unpack(t))) == 100000) end
