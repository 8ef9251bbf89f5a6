-- The loop is in the innermost of a hundred coroutines, and each outer one starts it again.
-- expect: timeout
local function deeper(n)
    while true do
        if n < 100 then coroutine.resume(coroutine.create(deeper), n + 1) end
    end
end
deeper(1)
