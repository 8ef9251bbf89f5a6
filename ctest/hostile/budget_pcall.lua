-- Catches the end of its budget and goes on.
-- expect: instructions
-- limits: instructions=100000
while true do pcall(function() while true do end end) end
