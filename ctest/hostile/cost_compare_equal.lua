-- One comparison of long strings that are equal but not the same.
-- expect: timeout
local a = ("x"):rep(4 << 20)
local b = ("xx"):rep(2 << 20)
while a == b do end
