-- A generic for whose single step takes for ever.
-- expect: timeout
-- late: lib
for _ in ("a"):rep(60):gmatch(("a*"):rep(12) .. "b") do end
