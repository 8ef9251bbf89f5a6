-- The job's own source has an attribute that Lua does not know.
-- expect: load_error
local x <sealed> = 1
