-- Formats the date forty thousand times in one call.
-- expect: timeout
-- late: lib
local format = ("%c"):rep(40000)
while true do os.date(format) end
