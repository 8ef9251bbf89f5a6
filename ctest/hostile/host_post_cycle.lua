-- Posts what cannot leave the state: a cycle, a function, a coroutine.
-- expect: ok
local cycle = {}
cycle.again = cycle
for _, value in ipairs({ cycle, print, coroutine.create(print), { { print } } }) do
    assert(not pcall(engine.post_to_main_thread, "bad", value))
end
