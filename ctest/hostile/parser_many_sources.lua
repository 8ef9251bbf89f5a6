-- Compiles ever new sources.
-- expect: timeout
local n = 0
while true do
    n = n + 1
    load("return " .. n)
end
