-- Functions within functions, ten thousand deep.
-- expect: ok
assert(not load(("return function() "):rep(10000) .. ("end "):rep(10000)))
