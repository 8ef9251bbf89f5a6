-- The replacements come from a table whose __index never returns.
-- expect: timeout
local t = setmetatable({}, { __index = function() while true do end end })
return ("abc"):gsub("%w", t)
