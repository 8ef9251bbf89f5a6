-- Each level has a variable whose handler goes one level deeper.
-- expect: script_error|memory
-- limits: deadline_ms=5000
local function deeper()
    local _ <close> = setmetatable({}, { __close = deeper })
end
deeper()
