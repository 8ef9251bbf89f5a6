-- Thousands of jumps forward to thousands of labels.
-- expect: timeout
-- late: c
local parts = {}
for i = 1, 5000 do parts[i] = "do goto l" .. i .. " end" end
for i = 1, 5000 do parts[5000 + i] = "::l" .. i .. "::" end
local source = table.concat(parts, "\n")
while true do load(source) end
