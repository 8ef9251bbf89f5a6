-- Waits for a moment that does not come by asking the clock.
-- expect: timeout
local start = os.clock()
while os.clock() - start < 1e9 do end
