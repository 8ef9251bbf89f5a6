-- Right-associative operators without an end, each of which needs the parser's stack.
-- expect: ok
assert(not load("return a" .. (" .. a"):rep(50000)))
assert(not load("return 2" .. (" ^ 2"):rep(50000)))
