-- Calls the searchers of require by hand.
-- expect: ok
local searchers = package and package.searchers or {}
for i = 2, #searchers do
    local ok, found = pcall(searchers[i], "libc")
    assert(not (ok and type(found) == "function"))
end
assert(not pcall(function() return package.searchpath("null", "/dev/?") .. "" end))
