-- A function with tens of thousands of constants.
-- expect: timeout
-- late: lib
local parts = {}
for i = 1, 20000 do parts[i] = i + 0.5 end
local source = "return {" .. table.concat(parts, ",") .. "}"
while true do load(source) end
