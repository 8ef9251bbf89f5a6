-- Shadows the environment by a local and writes into it.
-- expect: ok
local outer = _ENV
do
    local _ENV <const> = setmetatable({}, { __index = outer })
    print = nil
    string = { rep = print }
    outer.assert(rawget(_ENV, "string"))
end
assert(("x"):rep(2) == "xx")
