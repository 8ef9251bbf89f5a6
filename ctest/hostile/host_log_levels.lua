-- Tries all kinds of values as the level of a log line.
-- expect: ok
local bad = { 0, 6, -1, 1.5, 0 / 0, math.mininteger, "", "INFO", {}, print, true }
for _, level in ipairs(bad) do assert(not pcall(engine.log, level, "x")) end
assert(not pcall(engine.log))
