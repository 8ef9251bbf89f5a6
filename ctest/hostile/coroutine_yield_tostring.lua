-- Yields out of __tostring, across a C function.
-- expect: script_error
local odd = setmetatable({}, { __tostring = coroutine.yield })
coroutine.wrap(function() return tostring(odd) end)()
