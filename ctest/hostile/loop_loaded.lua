-- The loop is in a chunk that the script has compiled itself, under another name.
-- expect: timeout
load("while true do end", "=elsewhere")()
