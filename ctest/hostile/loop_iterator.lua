-- A generic for whose iterator never runs dry.
-- expect: timeout
for _ in function() return true end do end
