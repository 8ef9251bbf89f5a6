-- Looks whether debug has anything beyond the traceback.
-- expect: ok
for name in pairs(debug) do assert(name == "traceback", name) end
for _, name in ipairs({ "getregistry", "getupvalue", "setmetatable", "sethook", "getinfo",
    "getlocal", "setupvalue", "upvaluejoin", "setuservalue", "debug" }) do
    assert(debug[name] == nil, name)
end
