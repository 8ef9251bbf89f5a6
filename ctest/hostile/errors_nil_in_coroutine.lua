-- An error that is nil comes out of a coroutine and is passed on.
-- expect: script_error
local ok, why = coroutine.resume(coroutine.create(function() error(nil) end))
assert(ok == false and why == nil)
error(why)
