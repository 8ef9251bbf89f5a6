-- Lengths that are negative, huge, fractional or no numbers at all.
-- expect: ok
-- limits: deadline_ms=5000
for _, length in ipairs({ -1, math.mininteger, 1.5, "x", {}, 0 / 0 }) do
    local t = setmetatable({}, { __len = function() return length end })
    pcall(table.insert, t, 1)
    pcall(table.remove, t)
    pcall(table.concat, t)
    pcall(table.sort, t)
    pcall(table.unpack, t)
end
