-- Keeps suspended coroutines until memory is out.
-- expect: memory
-- limits: deadline_ms=5000
local all = {}
while true do
    local co = coroutine.create(coroutine.yield)
    coroutine.resume(co)
    all[#all + 1] = co
end
