-- A handler that fails in the same way as what it handles.
-- expect: ok
local function fail() error("again") end
assert(not xpcall(fail, fail))
