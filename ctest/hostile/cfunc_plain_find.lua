-- Even a plain search takes time by the product of both lengths.
-- expect: timeout|ok
-- late: lib
return ("a"):rep(4 << 20):find(("a"):rep(2 << 20) .. "b", 1, true)
