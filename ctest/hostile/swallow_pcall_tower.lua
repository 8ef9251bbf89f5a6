-- Pcall called by pcall called by pcall, with the loop at the bottom.
-- expect: timeout
local function forever() while true do end end
while true do pcall(pcall, pcall, pcall, pcall, pcall, forever) end
