-- Changes the kind of collector.
-- expect: ok
assert(not pcall(collectgarbage, "generational"))
assert(not pcall(collectgarbage, "generational", 100, 1000))
