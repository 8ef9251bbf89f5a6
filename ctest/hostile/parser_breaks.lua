-- Tens of thousands of breaks out of one loop.
-- expect: timeout
-- late: c
local source = "while a do " .. ("if b then break end "):rep(12000) .. "end"
while true do load(source) end
