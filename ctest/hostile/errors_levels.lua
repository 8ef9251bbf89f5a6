-- Levels that are zero, too high, negative and far beyond any stack.
-- expect: ok
for _, level in ipairs({ 0, 1, 2, 3, 100, -1, 1000000000, 1 << 40, math.mininteger }) do
    local ok, why = pcall(error, "x", level)
    assert(not ok and why:find("x", 1, true))
end
