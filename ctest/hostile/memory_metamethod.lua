-- The memory is used up by __index.
-- expect: memory
local t = setmetatable({}, { __index = function(_, k) return k .. ("x"):rep(1 << 26) end })
return #t.field
