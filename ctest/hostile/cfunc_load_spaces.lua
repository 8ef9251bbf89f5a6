-- Compiles a source without an end that holds nothing but spaces.
-- expect: timeout
-- late: lib
while true do load(coroutine.wrap(function() while true do coroutine.yield(" ") end end)) end
