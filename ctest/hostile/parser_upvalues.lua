-- More upvalues than a function may have.
-- expect: ok
local parts = {}
for outer = 1, 2 do
    parts[#parts + 1] = "local function f" .. outer .. "() "
    for i = 1, 150 do parts[#parts + 1] = "local a" .. outer .. "_" .. i .. " " end
end
parts[#parts + 1] = "return function() return 0 "
for outer = 1, 2 do
    for i = 1, 150 do parts[#parts + 1] = " + a" .. outer .. "_" .. i end
end
assert(not load(table.concat(parts) .. " end end end"))
