-- Splits a string into ever more pieces and keeps them all.
-- expect: memory
-- limits: deadline_ms=5000
local s, kept = ("ab "):rep(100000), {}
while true do
    for word in s:gmatch("%w+") do kept[#kept + 1] = word .. #kept end
end
