-- What a script sees of `callbacks`. Each function is a CTest case of each Lua; the numbers in
-- brackets are those of the requirements.

-- The message of the error that a call must raise: just this text, whoever calls.
local function fails(message, f, ...)
    local ok, got = pcall(f, ...)
    assert(not ok, "no error instead of: " .. message)
    assert(got == message, tostring(got))
end

local function register_counter()
    local seen = { n = 0 }
    local id = callbacks.register(function(...)
        seen.n = seen.n + 1
        seen[seen.n] = ...
        assert(select("#", ...) == 1)
    end)
    return id, seen
end

-- [19] [20]
function test.require_gives_one_table_with_all_names()
    assert(package.loaded.callbacks == callbacks and require "callbacks" == callbacks)
    package.loaded.callbacks = nil
    assert(require "callbacks" == callbacks)
    for _, name in ipairs { "register", "register-once", "unregister", "enqueue", "dispatch",
        "run-loop", "set-loop", "set-timer", "cancel-timer" } do
        assert(type(callbacks[name]) == "function", name)
        assert(callbacks[name] == callbacks[name:gsub("-", "_")], name)
    end
end

-- [21]
function test.ids_start_at_1_and_are_never_reused()
    for expected = 1, 5 do
        assert(callbacks.register(print) == expected)
        if expected % 2 == 0 then assert(callbacks.unregister(expected)) end
    end
    assert(callbacks.register(print) == 6)
end

-- [21]
function test.unregister_returns_whether_it_existed()
    local id = callbacks.register(print)
    assert(callbacks.unregister(id) == true)
    assert(callbacks.unregister(id) == false)
    assert(callbacks.unregister(0) == false and callbacks.unregister(-1) == false)
    assert(callbacks.unregister(1e300) == false and callbacks.unregister(0 / 0) == false)
end

-- [21]
function test.what_is_registered_once_is_called_once()
    local n = 0
    local id = callbacks["register-once"](function() n = n + 1 end)
    callbacks.enqueue(id)
    callbacks.enqueue(id)
    assert(callbacks.dispatch() == 1 and n == 1)
    assert(callbacks.unregister(id) == false and host.stats().registered == 0)
end

-- [24]
function test.enqueue_takes_any_lua_value()
    local id, seen = register_counter()
    local values = { false, true, 0, -1, 2 ^ 53, 0.5, "", "a\0b", ("x"):rep(1000), {}, print,
        coroutine.create(function() end), io.stdout, setmetatable({}, { __tostring = error }) }
    for _, value in ipairs(values) do
        assert(callbacks.enqueue(id, value) == nil)
    end
    callbacks.enqueue(id)
    callbacks.enqueue(id, nil)
    values, seen.kept = nil, values
    collectgarbage()
    assert(callbacks.dispatch() == 16)
    for at, value in ipairs(seen.kept) do assert(rawequal(seen[at], value), at) end
    assert(seen[15] == nil and seen[16] == nil)
    assert(math.type == nil or math.type(seen[3]) == "integer" and math.type(seen[6]) == "float")
end

-- [24]
function test.a_payload_lives_until_it_is_delivered_and_no_longer()
    local alive = setmetatable({}, { __mode = "v" })
    local id = callbacks.register(function(payload) assert(payload.yes) end)
    alive[1], alive[2] = { yes = true }, { no = true }
    callbacks.enqueue(id, alive[1])
    callbacks.enqueue(99, alive[2])
    collectgarbage()
    assert(alive[1] and alive[2])
    callbacks.dispatch()
    collectgarbage()
    assert(not alive[1] and not alive[2])
end

-- [24]
function test.values_of_another_thread_arrive()
    local id, seen = register_counter()
    host.enqueue(id, true, 7, 0.5, "text", { 1, { two = 2 } }, {})
    assert(callbacks.dispatch() == 6)
    assert(seen[1] == true and seen[2] == 7 and seen[3] == 0.5 and seen[4] == "text")
    assert(#seen[5] == 2 and seen[5][2].two == 2 and next(seen[6]) == nil)
    assert(math.type == nil or math.type(seen[2]) == "integer")
end

-- [28]
function test.dispatch_is_fifo_and_max_a_strict_bound()
    local order = {}
    for name in ("abc"):gmatch(".") do
        callbacks.register(function(n) order[#order + 1] = name .. n end)
    end
    for at, id in ipairs { 1, 3, 2, 3 } do callbacks.enqueue(id, tostring(at)) end
    assert(callbacks.dispatch(3) == 3)
    assert(table.concat(order, " ") == "a1 c2 b3")
    assert(callbacks.dispatch(0) == 1 and order[4] == "c4")
    assert(callbacks.dispatch(nil) == 0 and callbacks.dispatch(1.9) == 0)
end

-- [28]
function test.what_is_enqueued_meanwhile_waits()
    local n = 0
    local id
    id = callbacks.register(function() n = n + 1 callbacks.enqueue(id) end)
    callbacks.enqueue(id)
    for round = 1, 3 do assert(callbacks.dispatch() == 1 and n == round) end
end

-- [28]
function test.a_nested_dispatch_sees_the_rest_of_the_outer_batch()
    local order = {}
    local nests, other
    nests = callbacks.register(function()
        order[#order + 1] = "("
        assert(callbacks.dispatch(1) == 1)
        order[#order + 1] = ")"
    end)
    other = callbacks.register(function(name) order[#order + 1] = name end)
    callbacks.enqueue(nests)
    callbacks.enqueue(other, "a")
    callbacks.enqueue(other, "b")
    assert(callbacks.dispatch() == 2)
    assert(table.concat(order) == "(a)b")
end

-- [28]
function test.a_nested_run_loop_sees_the_rest_of_the_outer_batch()
    local done = false
    callbacks.enqueue(callbacks.register(function()
        assert(callbacks["run-loop"] { ["until"] = function() return done end } == true)
    end))
    callbacks.enqueue(callbacks.register(function() done = true end))
    assert(callbacks.dispatch() == 1 and done)
end

-- [28]
function test.unknown_ids_are_skipped()
    local id, seen = register_counter()
    callbacks.enqueue(id + 1)
    callbacks.enqueue(id, 1)
    assert(callbacks.dispatch(1) == 1 and seen.n == 1 and host.stats().unknown == 1)
end

-- [28]
function test.ids_are_looked_up_when_their_turn_comes()
    local second, seen
    callbacks.enqueue(callbacks.register(function() callbacks.unregister(second) end))
    second, seen = register_counter()
    callbacks.enqueue(second)
    assert(callbacks.dispatch() == 1 and seen.n == 0)
end

-- [28]
function test.an_error_is_reported_and_the_rest_runs()
    local bad = { "text", { code = 7 }, 42, false }
    for at, what in ipairs(bad) do
        callbacks.enqueue(callbacks.register(function() error(bad[at], 0) end))
    end
    local id, seen = register_counter()
    callbacks.enqueue(id)
    assert(callbacks.dispatch() == 5 and seen.n == 1)
    assert(host.log() == "[callbacks] invocation failed for id 1: text\n"
        .. "[callbacks] invocation failed for id 2: (error object is a table value)\n"
        .. "[callbacks] invocation failed for id 3: 42\n"
        .. "[callbacks] invocation failed for id 4: (error object is a boolean value)\n")
    assert(host.stats().failed == 4)
end

-- [28]
function test.an_error_names_the_line()
    callbacks.enqueue(callbacks.register(function() error("here") end))
    callbacks.dispatch()
    local head = "^%[callbacks%] invocation failed for id 1: "
    assert(host.log():find(head .. ".*callbacks.lua:%d+: here\n$"))
end

-- [52]
function test.what_a_coroutine_registers_is_called_on_the_main_thread()
    local where = {}
    local co = coroutine.wrap(function()
        local id = callbacks.register(function() where[#where + 1] = coroutine.running() or 0 end)
        callbacks.enqueue(id)
        callbacks.dispatch()
        coroutine.yield(id)
    end)
    callbacks.enqueue(co())
    callbacks.dispatch()
    assert(#where == 2 and where[1] == where[2] and where[1] == (coroutine.running() or 0))
end

-- A callback cannot yield; that is an error of its own, not of the dispatch.
function test.a_callback_that_yields_is_reported()
    callbacks.enqueue(callbacks.register(coroutine.yield))
    coroutine.wrap(function() callbacks.dispatch() end)()
    assert(host.log():find("yield"))
end

function test.wrong_arguments_are_errors_of_the_caller()
    fails("callbacks.register requires a function", callbacks.register)
    fails("callbacks.register requires a function", callbacks.register, {})
    fails("callbacks.register-once requires a function", callbacks["register-once"], "f")
    fails("callbacks.unregister id must be a number", callbacks.unregister, "1")
    fails("callbacks.enqueue id must be a number", callbacks.enqueue)
    fails("callbacks.enqueue id must be a number", callbacks.enqueue, {}, 1)
    fails("callbacks.dispatch max must be a number", callbacks.dispatch, "all")
    fails("callbacks.dispatch max must be non-negative", callbacks.dispatch, -1)
    fails("callbacks.dispatch max must be non-negative", callbacks.dispatch, 0 / 0)
    fails("callbacks.set-timer delay must be a number", callbacks["set-timer"])
    fails("callbacks.set-timer requires a function", callbacks["set-timer"], 1)
    fails("callbacks.set-timer value must be non-negative", callbacks["set-timer"], -1, print)
    fails("callbacks.set-timer repeat must be a number", callbacks["set-timer"], 1, print, "x")
    fails("callbacks.cancel-timer id must be a number", callbacks["cancel-timer"])
    local stats = host.stats()
    assert(stats.registered == 0 and stats.accepted == 0)
end
