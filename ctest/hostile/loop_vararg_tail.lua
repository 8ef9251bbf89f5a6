-- A tail call that gets one more argument each time and drops it again.
-- expect: timeout
local function spin(_, ...) return spin(1, 2, ...) end
local function drop() return spin() end
while true do pcall(drop) end
