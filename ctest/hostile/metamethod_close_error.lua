-- A handler of __close raises the only error.
-- expect: script_error
local _ <close> = setmetatable({}, { __close = function() error("while closing") end })
return 1
