-- Replaces library functions by rawset, past any __newindex.
-- expect: ok
-- isolation: job
pcall(rawset, string, "format", error)
pcall(rawset, table, "concat", error)
pcall(rawset, math, "floor", error)
pcall(rawset, _G, "type", error)
