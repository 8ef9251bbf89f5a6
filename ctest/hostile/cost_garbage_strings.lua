-- Leaves nothing but long strings behind: the collector never rests, and must keep up.
-- expect: timeout
local n = 0
while true do
    n = n + 1
    local _ = ("x"):rep(100000) .. n
end
