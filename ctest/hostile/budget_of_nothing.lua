-- A budget of one instruction: over before anything is done.
-- expect: instructions
-- limits: instructions=1
for _ = 1, 10000 do end
