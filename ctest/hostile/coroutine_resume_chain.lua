-- Coroutines that resume each other deeper and deeper, until the C stack is used up.
-- expect: script_error
local function deeper(n) return coroutine.wrap(deeper)(n + 1) end
deeper(1)
