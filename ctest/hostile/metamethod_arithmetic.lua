-- All arithmetic of an object ends in the same loop, and the first one is enough.
-- expect: timeout
local function forever() while true do end end
local mt = {}
for _, name in ipairs({ "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "shl" }) do
    mt["__" .. name] = forever
end
return -setmetatable({}, mt) << 1
