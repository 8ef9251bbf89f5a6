-- Compiles a source without an end that a C function gives: one long number.
-- expect: timeout
-- late: lib
while true do pcall(load, os.clock) end
