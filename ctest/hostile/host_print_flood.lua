-- Fills the host's log.
-- expect: timeout
while true do print("flood") end
