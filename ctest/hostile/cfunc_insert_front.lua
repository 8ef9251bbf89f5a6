-- Inserts at the front of a long array: each call moves all of it.
-- expect: timeout
-- late: lib
local t = table.pack(("x"):rep(5000):byte(1, -1))
while #t < 1000000 do table.insert(t, 1, 0) table.insert(t, 1, 0) table.remove(t, 1) end
