-- Asks for the length of an array with holes in all places that a search looks at first.
-- expect: timeout
local t = {}
for i = 200000, 1, -1 do t[i] = true end
for i = 1, 17 do t[1 << i] = nil end
while #t >= 0 do end
