-- Resumes and wraps itself, and the one that resumed it.
-- expect: ok
local outer = coroutine.running()
local co
co = coroutine.create(function()
    assert(not coroutine.resume(co))
    assert(not coroutine.resume(outer))
    return true
end)
assert(coroutine.resume(co))
assert(not coroutine.resume(outer))
