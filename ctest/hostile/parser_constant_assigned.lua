-- The job's own source assigns to a constant.
-- expect: load_error
local fixed <const> = 1
fixed = 2
