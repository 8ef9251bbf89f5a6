-- The closing value of a generic for loops when the loop is left.
-- expect: timeout
-- late: lib
local function forever() while true do end end
local guard = setmetatable({}, { __close = forever })
for _ in forever, nil, nil, guard do end
