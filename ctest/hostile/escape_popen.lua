-- Starts a shell by the plain call.
-- expect: script_error
io.popen("true"):close()
