-- Removes every global there is.
-- expect: ok
-- isolation: job
pcall(function()
    local next, _G = next, _G
    for name in next, _G do _G[name] = nil end
end)
