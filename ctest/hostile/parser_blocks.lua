-- Blocks within blocks.
-- expect: ok
assert(not load(("do "):rep(50000) .. ("end "):rep(50000)))
