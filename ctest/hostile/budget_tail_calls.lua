-- Tail calls count as well.
-- expect: instructions
-- limits: instructions=100000
local function spin() return spin() end
spin()
