-- A variable that is to be closed, but cannot be.
-- expect: script_error
local _ <close> = {}
