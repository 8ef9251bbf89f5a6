-- Walks everything that can be reached and looks for names that must not be there.
-- expect: ok
-- limits: deadline_ms=5000
local bad = { popen = true, execute = true, loadlib = true, sethook = true, getregistry = true,
    exit = true, getenv = true, setlocale = true, setuservalue = true, upvaluejoin = true,
    tmpname = true }
local seen = {}
local function walk(t)
    if seen[t] then return end
    seen[t] = true
    for k, v in next, t do
        assert(not (bad[k] and type(v) == "function"), k)
        assert(type(v) ~= "userdata" and type(k) ~= "userdata")
        if type(v) == "table" then walk(v) end
        local mt = getmetatable(v)
        if type(mt) == "table" then walk(mt) end
    end
end
walk(_G)
