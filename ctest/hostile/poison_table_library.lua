-- Replaces the table library's functions by ones that lie.
-- expect: ok
-- isolation: job
pcall(function()
    for name in pairs(table) do table[name] = function() return "lie" end end
end)
