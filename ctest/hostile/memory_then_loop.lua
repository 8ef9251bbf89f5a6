-- Hits the limit, catches the error, and loops for ever.
-- expect: memory
pcall(string.rep, "x", 1 << 30)
while true do end
