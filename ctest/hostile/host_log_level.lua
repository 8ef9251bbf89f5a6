-- Logs with a level that does not exist.
-- expect: script_error
engine.log("fatal", "x")
