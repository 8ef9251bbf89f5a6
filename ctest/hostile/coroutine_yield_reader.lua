-- Yields out of the function that gives load its source.
-- expect: ok
local co = coroutine.wrap(function() return load(coroutine.yield) end)
local loaded = co()
assert(loaded == nil)
