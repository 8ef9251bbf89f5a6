-- Replaces print, so that the next job's text would come here.
-- expect: ok
-- isolation: job
pcall(function() print = function(...) heard = { ... } end end)
