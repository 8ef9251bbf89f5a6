-- Replaces pcall and error by functions that say nothing went wrong.
-- expect: ok
-- isolation: job
pcall(function()
    pcall = function() return true end
    error, assert = print, print
end)
