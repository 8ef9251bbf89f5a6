-- Moves nothing, a thousand million million times.
-- expect: timeout
-- late: lib
while true do table.move({}, 1, 1 << 50, 2) end
