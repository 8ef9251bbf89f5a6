-- One table in the next one: the collector has to walk a list of all of them.
-- expect: memory
-- limits: deadline_ms=5000
local t = {}
while true do t = { t } end
