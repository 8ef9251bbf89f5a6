-- Catches what ends it and raises an error of its own in its place.
-- expect: timeout
pcall(function() while true do end end)
error("mine", 0)
