-- Integer keys that all fall into one chain of the hash: each access walks it.
-- expect: timeout
local step = (2 ^ 15 - 1) * (2 ^ 16 - 1) * (2 ^ 14 - 1) // 1 | 0
local t = {}
for i = 1, 30000 do t[i * step] = i end
while true do local _ = t[30001 * step] end
