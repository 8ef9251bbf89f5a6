-- Ends the process by the plain call.
-- expect: script_error
os.exit(true, true)
