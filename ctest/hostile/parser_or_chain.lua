-- A condition of tens of thousands of `or`, whose jumps all lead to one place.
-- expect: timeout
-- late: c
local source = "return a" .. (" or a"):rep(40000)
while true do load(source) end
