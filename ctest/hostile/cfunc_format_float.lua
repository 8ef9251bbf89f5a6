-- The longest text that a float has, over and over.
-- expect: timeout
while true do ("%99.99f"):format(-1.7e308) end
