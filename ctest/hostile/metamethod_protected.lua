-- Changes a metatable that is protected.
-- expect: script_error
local t = setmetatable({}, { __metatable = "mine" })
assert(getmetatable(t) == "mine")
setmetatable(t, {})
