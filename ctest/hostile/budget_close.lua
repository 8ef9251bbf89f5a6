-- A handler of __close goes on after the budget is used up.
-- expect: instructions
-- limits: instructions=100000
local function busy() while true do end end
local _ <close> = setmetatable({}, { __close = busy })
busy()
