-- Replaces the coroutine library's functions.
-- expect: ok
-- isolation: job
pcall(function()
    coroutine.wrap = function() while true do end end
    coroutine.yield = nil
end)
