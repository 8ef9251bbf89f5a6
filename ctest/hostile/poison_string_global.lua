-- Puts an empty table where the string library was.
-- expect: ok
-- isolation: job
pcall(function() string = {} end)
