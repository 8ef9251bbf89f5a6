-- Both the function and its handler loop, again and again.
-- expect: timeout
local function forever() while true do end end
while true do xpcall(forever, forever) end
