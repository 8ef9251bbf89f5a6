-- The handler of an error never returns.
-- expect: timeout
xpcall(error, function() while true do end end)
