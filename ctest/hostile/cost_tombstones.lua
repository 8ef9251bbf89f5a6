-- Asks for the first key of a large table that was emptied except for one item.
-- expect: timeout
local t = {}
for i = 1, 200000 do t[i + 0.5] = true end
for i = 1, 199999 do t[i + 0.5] = nil end
while next(t) do end
