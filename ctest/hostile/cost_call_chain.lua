-- Each call climbs through hundreds of __call and shifts its arguments each time.
-- expect: timeout
local f = function() end
for _ = 1, 150 do f = setmetatable({}, { __call = f }) end
local args = {}
for i = 1, 5000 do args[i] = i end
while true do pcall(f, table.unpack(args)) end
