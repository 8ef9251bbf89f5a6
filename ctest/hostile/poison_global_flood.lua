-- Leaves thousands of globals behind.
-- expect: ok
-- isolation: job
-- limits: deadline_ms=5000
for i = 1, 20000 do _G["g" .. i] = { i } end
