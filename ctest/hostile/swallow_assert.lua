-- Ends in an assertion about what it caught: nothing a script sees changes the verdict.
-- expect: timeout
local ok, why = pcall(function() while true do end end)
assert(ok, why)
