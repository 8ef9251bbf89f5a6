-- When a piece does not fit, it tries one of half the size, until everything is full.
-- expect: memory
-- limits: deadline_ms=5000
local kept, size = {}, 8 << 20
while true do
    local ok, s = pcall(string.rep, "x", size)
    if ok then kept[#kept + 1] = s .. #kept else size = math.max(size // 2, 1) end
end
