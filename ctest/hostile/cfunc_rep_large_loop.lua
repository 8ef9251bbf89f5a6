-- Fills megabytes with single characters, over and over.
-- expect: timeout
-- late: lib
while true do ("x"):rep(2 << 20) end
