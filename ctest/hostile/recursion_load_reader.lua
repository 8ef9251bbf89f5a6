-- The function that gives load its source calls load.
-- expect: ok
local function reader() load(reader) return nil end
load(reader)
