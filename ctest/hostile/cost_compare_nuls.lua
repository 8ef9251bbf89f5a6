-- One comparison of strings full of NULs: strcoll is called for each single one.
-- expect: timeout
-- late: c
local a = ("\0"):rep(6 << 20)
local b = a .. "x"
while a < b do end
