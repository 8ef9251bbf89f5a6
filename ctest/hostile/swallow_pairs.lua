-- The metamethod of pairs catches the error and gives an iterator that does so as well.
-- expect: timeout
local function forever() while true do end end
local function iterate() pcall(forever) return true end
local t = setmetatable({}, { __pairs = function() pcall(forever) return iterate end })
for _ in pairs(t) do end
