-- Blames a level that does not exist.
-- expect: script_error
error("nobody's fault", 1000000000)
