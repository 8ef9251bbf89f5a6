-- One local more than a function may have.
-- expect: ok
assert(load(("local a = 1 "):rep(200)))
assert(not load(("local a = 1 "):rep(201)))
