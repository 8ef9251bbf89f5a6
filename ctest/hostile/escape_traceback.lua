-- Has the traceback look at coroutines and at levels that do not exist.
-- expect: ok
local co = coroutine.create(function() coroutine.yield() end)
coroutine.resume(co)
assert(type(debug.traceback(co)) == "string")
assert(type(debug.traceback("x", 1 << 30)) == "string")
assert(type(debug.traceback(co, "x", -1)) == "string")
assert(debug.traceback(co, co) == co)
