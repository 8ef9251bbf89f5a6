-- The handler of an error protects itself.
-- expect: timeout
local function forever() while true do end end
while true do
    xpcall(forever, function() pcall(forever) return xpcall(forever, forever) end)
end
