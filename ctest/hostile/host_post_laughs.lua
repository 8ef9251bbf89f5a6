-- Posts a small table that unfolds into 2^40 items.
-- expect: ok
-- limits: deadline_ms=5000
local t = {}
for _ = 1, 40 do t = { t, t } end
assert(not pcall(engine.post_to_main_thread, "laughs", t))
