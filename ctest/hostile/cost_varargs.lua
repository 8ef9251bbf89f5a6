-- Hands a hundred thousand arguments from one function to the next.
-- expect: timeout
local function pass(...) return ... end
local t = {}
for i = 1, 100000 do t[i] = i end
while true do pass(pass(table.unpack(t))) end
