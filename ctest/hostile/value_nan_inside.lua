-- Returns tables that hold what is not equal to itself.
-- expect: ok
return { 0 / 0, { x = 0 / 0 } }
