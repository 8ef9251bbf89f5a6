-- Dumps a function without its lines, changes bytes of it, and loads each variant.
-- expect: ok
local ok, code = pcall(string.dump, function(a) return a + 1 end, true)
if ok then
    for at = 1, #code do
        local changed = code:sub(1, at - 1) .. "\xff" .. code:sub(at + 1)
        if changed:byte() == 27 then assert(not load(changed)) end
    end
end
