-- Takes a function out of the string library.
-- expect: ok
-- isolation: job
pcall(function() string.rep = nil end)
