-- Replaces the traceback, which the runner itself may use for errors.
-- expect: script_error
-- isolation: job
pcall(function() debug.traceback = function() while true do end end end)
error("with a traceback")
