-- Compiles a source with a string constant in each line.
-- expect: memory
-- limits: deadline_ms=5000
local n = 0
local kept = {}
while true do
    local lines = {}
    for i = 1, 2000 do
        n = n + 1
        lines[i] = "local _ = 'constant " .. n .. "'"
    end
    kept[#kept + 1] = assert(load("do " .. table.concat(lines, " end do ") .. " end"))
end
