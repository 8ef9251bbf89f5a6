-- Writes to the metatable of strings.
-- expect: script_error
getmetatable("").__index = print
