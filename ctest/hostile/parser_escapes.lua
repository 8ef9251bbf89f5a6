-- String literals whose escapes are wrong.
-- expect: ok
local bad = {
    [["\400"]], [["\u{80000000}"]], [["\xg0"]], [["\q"]], '"\n"', [["\u{1"]], "[==", "0x", "1e",
}
for _, text in ipairs(bad) do assert(not load("return " .. text)) end
