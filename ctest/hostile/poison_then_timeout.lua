-- Poisons, and is then ended by its deadline.
-- expect: timeout
-- isolation: job
stray = 1
pcall(function() string.rep = nil table.concat = nil end)
while true do end
