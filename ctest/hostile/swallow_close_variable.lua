-- When the loop is left, a handler of __close loops on.
-- expect: timeout
-- late: lib
local function forever() while true do end end
local _ <close> = setmetatable({}, { __close = forever })
forever()
