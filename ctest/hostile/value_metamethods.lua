-- Returns a table whose metamethods all loop: none of them may be asked.
-- expect: ok
local function forever() while true do end end
return setmetatable({ 1, 2 }, { __index = forever, __len = forever, __pairs = forever }), 1
