-- Walks a table and renews what it has just walked over.
-- expect: timeout
local t = { 1, 2, 3, x = 1, y = 2 }
while true do
    for k, v in pairs(t) do t[k] = -v end
end
