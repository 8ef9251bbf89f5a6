-- A frontier with a large set is looked at between all characters.
-- expect: timeout
-- late: lib
return ("x"):rep(1 << 20):find("%f[" .. ("0-9"):rep(50000) .. "]")
