-- The same error is caught and raised again a thousand times, with a place added each time.
-- expect: script_error
local why = "start"
for _ = 1, 1000 do why = select(2, pcall(error, why, 2)) .. "!" end
error(why)
