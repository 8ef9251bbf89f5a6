-- Catches the error inside a comparator of sort, which cannot be yielded from.
-- expect: timeout
local function forever() while true do end end
while true do
    pcall(table.sort, { 3, 1, 2 }, function(a, b) pcall(forever) return a < b end)
end
