-- Something that is called calls itself.
-- expect: script_error
-- limits: memory_kib=262144, deadline_ms=5000
local t = setmetatable({}, { __call = function(self) return 1 + self() end })
return t()
