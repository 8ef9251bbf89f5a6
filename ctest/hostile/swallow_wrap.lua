-- As with resume, but through wrap and pcall.
-- expect: timeout
while true do pcall(coroutine.wrap(function() while true do end end)) end
