-- A handler of __close wants memory after memory has run out.
-- expect: memory
local _ <close> = setmetatable({}, { __close = function() return #("y"):rep(1 << 26) end })
return ("x"):rep(1 << 26)
