-- Poisons, and then raises an error: cleaning up must not depend on success.
-- expect: script_error
-- isolation: job
stray = 1
pcall(function() string.rep = nil table.concat = nil end)
error("poisoned")
