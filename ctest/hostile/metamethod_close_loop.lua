-- The script has returned, but a handler of __close has not.
-- expect: timeout
-- late: lib
local _ <close> = setmetatable({}, { __close = function() while true do end end })
return "returned"
