-- A for loop over all integers: it would end in some centuries.
-- expect: timeout
for _ = math.mininteger, math.maxinteger do end
