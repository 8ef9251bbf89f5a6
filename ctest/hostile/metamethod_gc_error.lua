-- A finalizer that raises an error.
-- expect: ok
setmetatable({}, { __gc = function() error("in a finalizer") end })
collectgarbage()
