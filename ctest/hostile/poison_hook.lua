-- Sets a hook that would go on counting in the next job.
-- expect: ok
assert(not pcall(function() debug.sethook(function() while true do end end, "", 1) end))
assert(debug.gethook == nil)
