-- Yields in a handler of __close while the main chunk returns.
-- expect: script_error
local _ <close> = setmetatable({}, { __close = function() coroutine.yield() end })
return 1
