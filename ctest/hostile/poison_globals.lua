-- Leaves globals behind, under names of every kind of key.
-- expect: ok
-- isolation: job
stray, healthy, i, x = 1, false, 2, {}
_G[1], _G[true], _G[2.5], _G[print] = 1, 2, 3, 4
