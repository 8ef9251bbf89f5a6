-- Catches every error that could end it and starts again.
-- expect: timeout
while true do pcall(function() while true do end end) end
