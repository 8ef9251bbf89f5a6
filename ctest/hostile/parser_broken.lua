-- The job's own source breaks off.
-- expect: load_error
local function f() return (1 +
