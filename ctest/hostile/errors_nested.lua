-- Handlers that raise errors within handlers, and the last one gets out.
-- expect: script_error
local function fail(depth)
    local ok, why = pcall(function()
        if depth > 0 then fail(depth - 1) else error({}) end
    end)
    assert(not ok)
    error({ why })
end
fail(20)
