-- Most time is spent raising errors in C functions and catching them.
-- expect: timeout
while true do pcall(string.rep) pcall(error) pcall(setmetatable, 1) end
