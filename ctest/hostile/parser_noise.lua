-- Sources of random bytes: each is refused or compiles, and nothing else happens.
-- expect: ok
-- limits: deadline_ms=5000
math.randomseed(7)
for _ = 1, 2000 do
    local bytes = {}
    for i = 1, 40 do bytes[i] = string.char(math.random(0, 255)) end
    load("x " .. table.concat(bytes))
end
