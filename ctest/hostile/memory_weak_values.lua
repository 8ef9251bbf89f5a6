-- Keeps everything in a table of weak values, which must not count as kept.
-- expect: timeout|script_error
local t = setmetatable({}, { __mode = "v" })
while true do
    for i = 1, 1000 do t[i] = { i } end
end
