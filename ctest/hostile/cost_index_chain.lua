-- Each access to a missing field climbs through nearly two thousand tables.
-- expect: timeout
local t = {}
for _ = 1, 1900 do t = setmetatable({}, { __index = t }) end
while not t.missing do end
