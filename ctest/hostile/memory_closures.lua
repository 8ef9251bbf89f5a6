-- Keeps ever more closures, each with variables of its own.
-- expect: memory
-- limits: deadline_ms=5000
local list
while true do
    local before, n = list, 1
    list = function() n = n + 1 return before end
end
