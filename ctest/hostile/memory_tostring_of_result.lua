-- The memory is used up by the __tostring of what is returned, after the script has ended.
-- expect: memory
return setmetatable({}, { __tostring = function() return ("x"):rep(1 << 26) end })
