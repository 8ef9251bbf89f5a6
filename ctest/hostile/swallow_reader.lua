-- Catches the error inside the function that gives load its source.
-- expect: timeout
local function forever() while true do end end
while true do load(function() pcall(forever) return " " end) end
