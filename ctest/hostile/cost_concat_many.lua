-- One instruction joins fifty long strings.
-- expect: timeout
local s = ("x"):rep(100000)
local join = load("local s = ... return " .. ("s .. "):rep(49) .. "s")
while true do join(s) end
