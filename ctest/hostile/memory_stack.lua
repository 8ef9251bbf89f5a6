-- A recursion with large frames in a state that may hardly grow.
-- expect: memory
-- limits: memory_kib=2048
local names = {}
for i = 1, 190 do names[i] = "a" .. i end
local source = "local " .. table.concat(names, ",") .. " return 1 + f()"
local env = {}
env.f = load(source, "=frame", "t", env)
env.f()
