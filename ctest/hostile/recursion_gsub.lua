-- A callback of gsub that calls gsub.
-- expect: script_error
local function f(s) return (s:gsub(".", f)) end
return f("x")
