-- A chain of weak keys in bad order: each collection needs time by its square.
-- expect: timeout
-- late: c
local made, weak = pcall(setmetatable, {}, { __mode = "k" })
if not made then weak = {} end
local keys, n = {}, 40000
for i = 1, n do keys[i] = {} end
for i = n, 2, -1 do
    local j = i * 7919 % n + 1
    keys[i], keys[j] = keys[j], keys[i]
end
for i = 1, n - 1 do weak[keys[i]] = keys[i + 1] end
local first = keys[1]
keys = nil
while first do collectgarbage() end
