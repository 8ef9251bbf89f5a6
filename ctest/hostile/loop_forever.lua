-- The plainest loop without an end.
-- expect: timeout
while true do end
