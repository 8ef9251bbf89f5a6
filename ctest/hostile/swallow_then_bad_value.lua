-- Catches what ends it and returns what cannot be converted.
-- expect: timeout
pcall(function() while true do end end)
return print
