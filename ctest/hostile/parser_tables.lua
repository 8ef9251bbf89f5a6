-- Tables within tables, a hundred thousand deep.
-- expect: ok
assert(not load("return " .. ("{"):rep(100000) .. ("}"):rep(100000)))
