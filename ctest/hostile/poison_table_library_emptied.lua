-- Empties a library while walking it with next.
-- expect: ok
-- isolation: job
pcall(function()
    for name in next, table do table[name] = nil end
    for name in next, utf8 do utf8[name] = nil end
end)
