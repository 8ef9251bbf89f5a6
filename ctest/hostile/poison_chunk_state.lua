-- The chunk may be kept compiled: its locals must be new in each run.
-- expect: ok
local count = 0
local function bump() count = count + 1 return count end
assert(bump() == 1)
