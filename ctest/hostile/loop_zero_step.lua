-- A for loop that would never move on; Lua refuses its step.
-- expect: script_error
local step = 1 - 1
for _ = 1, 10, step do end
