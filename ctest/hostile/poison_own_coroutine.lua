-- Keeps the coroutine that the job runs in, for whoever comes next.
-- expect: ok
-- isolation: job
stolen = coroutine.running()
pcall(function() string.rep = function() coroutine.close(stolen) end end)
