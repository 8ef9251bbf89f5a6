-- Catches the error inside a callback of gsub, which cannot be yielded from.
-- expect: timeout
local function forever() while true do end end
while true do ("xxxx"):gsub("x", function() pcall(forever) end) end
