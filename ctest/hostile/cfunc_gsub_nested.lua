-- Substitutions inside the callbacks of substitutions.
-- expect: timeout
local function nest(depth)
    return function()
        if depth > 0 then ("xxxxxxxx"):gsub("x", nest(depth - 1)) end
    end
end
nest(30)()
