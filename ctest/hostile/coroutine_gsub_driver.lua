-- gsub resumes a coroutine for each character of a long string.
-- expect: timeout
-- late: lib
local s = ("x"):rep(1 << 20)
local co = coroutine.wrap(function() while true do coroutine.yield("y") end end)
while true do s:gsub("x", co) end
