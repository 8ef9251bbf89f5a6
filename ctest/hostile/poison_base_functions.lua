-- Replaces what every script uses without a thought.
-- expect: ok
-- isolation: job
pcall(function()
    type = function() return "nil" end
    tostring, tonumber = type, type
    next, pairs, ipairs, select = nil, nil, nil, nil
    setmetatable, getmetatable, rawget, rawset = nil, nil, nil, nil
end)
