-- The loop hides in a function that a comparison calls.
-- expect: timeout
local function forever() while true do end end
if forever() == forever() then return 1 end
