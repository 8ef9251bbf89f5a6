-- Yields out of the main chunk under pcall, again and again.
-- expect: timeout|script_error
while true do pcall(coroutine.yield, "out") end
