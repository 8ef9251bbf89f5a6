-- The pattern bomb goes off in the handler of an error.
-- expect: timeout
-- late: lib
xpcall(error, function() return ("a"):rep(50):find(("a?"):rep(50) .. "b") end)
