-- The handler of __close is taken away before it is called.
-- expect: script_error
local mt = { __close = function() end }
local _ <close> = setmetatable({}, mt)
mt.__close = nil
