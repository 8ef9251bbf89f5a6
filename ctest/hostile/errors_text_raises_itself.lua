-- Making the error's text raises the same error.
-- expect: script_error
local mine = {}
setmetatable(mine, { __tostring = function() error(mine) end })
error(mine)
