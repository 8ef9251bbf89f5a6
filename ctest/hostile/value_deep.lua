-- Returns tables within tables, deeper than anyone needs.
-- expect: value_error
local t = {}
for _ = 1, 100000 do t = { t } end
return t
