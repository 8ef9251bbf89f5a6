-- A generic for whose iterator is a C function that never gives nil.
-- expect: timeout
for _ in os.clock do end
