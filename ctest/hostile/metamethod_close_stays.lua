-- Closing happens in order, and sees the error.
-- expect: ok
local seen = {}
local ok = pcall(function()
    local _ <close> = setmetatable({}, { __close = function(_, e) seen[1] = e end })
    local _ <close> = setmetatable({}, { __close = function(_, e) seen[2] = e end })
    error("why", 0)
end)
assert(not ok and seen[1] == "why" and seen[2] == "why")
