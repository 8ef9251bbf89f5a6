-- The handler of the error wants more memory than what has just failed.
-- expect: memory
xpcall(function() return ("x"):rep(1 << 29) end, function() return ("y"):rep(1 << 30) end)
