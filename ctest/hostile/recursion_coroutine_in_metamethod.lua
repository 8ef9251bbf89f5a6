-- A metamethod that runs in a coroutine and triggers itself.
-- expect: script_error
local t = {}
setmetatable(t, {
    __index = function(_, k) return coroutine.wrap(function() return t[k] end)() end,
})
return t.x
