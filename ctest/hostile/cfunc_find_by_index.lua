-- Gets at find by indexing a literal, past whatever was done to the global `string`.
-- expect: timeout
-- late: lib
local find = ("").find
return find(("x"):rep(50), ("x-x-"):rep(20) .. "y")
