-- A comparator that sorts with itself.
-- expect: script_error
local function less() table.sort({ 2, 1 }, less) return true end
less()
