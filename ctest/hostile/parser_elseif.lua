-- Tens of thousands of elseif: the code generator links their jumps in time by the square.
-- expect: timeout
-- late: c
local arms = ("elseif a then b()\n"):rep(60000)
while true do load("if a then b()\n" .. arms .. "end") end
