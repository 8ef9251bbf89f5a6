-- The loop is driven by the number of varargs of a main chunk that has none.
-- expect: timeout
while select("#", ...) == 0 do end
