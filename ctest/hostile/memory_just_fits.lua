-- Uses two thirds of its memory, lets it go, and does so again: garbage is no reason to end.
-- expect: ok
-- limits: deadline_ms=5000
for _ = 1, 5 do
    local t = {}
    for i = 1, 10 do t[i] = ("x"):rep(2 << 20) end
    assert(#t == 10)
    t = nil
    collectgarbage()
end
