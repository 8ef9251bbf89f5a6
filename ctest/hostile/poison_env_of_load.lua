-- Gives a loaded chunk an environment of its own, and the chunk spoils that.
-- expect: ok
local env = setmetatable({}, { __index = _G })
assert(load("string = nil; print = nil; leaked = true", "=spoil", "t", env))()
assert(rawget(env, "leaked") and rawget(_G, "leaked") == nil)
