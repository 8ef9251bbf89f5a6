-- As many elseif as fit into a quarter of a megabyte, again and again.
-- expect: timeout
-- late: c
local source = "if a then\n" .. ("elseif a then\n"):rep(18000) .. "end"
while true do load(source) end
