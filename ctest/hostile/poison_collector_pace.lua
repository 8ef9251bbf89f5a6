-- Changes how hard the collector works.
-- expect: ok
assert(not pcall(collectgarbage, "setpause", 1000))
assert(not pcall(collectgarbage, "setstepmul", 0))
assert(not pcall(collectgarbage, "incremental", 1000, 1, 60))
