-- Puts a wrap into the library that keeps what it is given and wraps something else.
-- expect: ok
-- isolation: job
local wrap, kept = coroutine.wrap, {}
pcall(function()
    coroutine.wrap = function(f) kept[#kept + 1] = f return wrap(error) end
end)
