-- The handler of an error does the looping.
-- expect: instructions
-- limits: instructions=100000
while true do xpcall(error, function() while true do end end) end
