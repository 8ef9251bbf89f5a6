-- Stops the collector.
-- expect: ok
assert(not pcall(collectgarbage, "stop"))
assert(not pcall(collectgarbage, "restart"))
