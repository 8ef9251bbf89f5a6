-- Compiles what collectgarbage returns, which collects for each digit.
-- expect: timeout
-- late: lib
while true do pcall(load, collectgarbage) end
