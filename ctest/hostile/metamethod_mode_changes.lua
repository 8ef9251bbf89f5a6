-- Makes a table weak while it is being walked, and collects.
-- expect: ok
-- limits: deadline_ms=5000
local t, n = {}, 0
for i = 1, 100 do t[{}] = { i } end
for _ in pairs(t) do
    n = n + 1
    pcall(setmetatable, t, { __mode = n % 2 == 0 and "k" or "v" })
    if n % 10 == 0 then collectgarbage() end
    if n > 1000 then break end
end
