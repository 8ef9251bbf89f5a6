-- What a script sees of `run-loop`, `set-loop` and timers. Each function is a CTest case of each
-- Lua; the numbers in brackets are those of the requirements.

local run_loop = callbacks["run-loop"]

local function fails(message, f, ...)
    local ok, got = pcall(f, ...)
    assert(not ok, "no error instead of: " .. message)
    assert(got == message, tostring(got))
end

-- `until` says so at its nth call.
local function after(n)
    return function()
        n = n - 1
        return n <= 0
    end
end

-- [34]
function test.defaults_poll_jobs_and_http_but_not_process()
    local order = {}
    local function note(name) return function() order[#order + 1] = name end end
    host.poll_with("process", note "process", false)
    host.poll_with("mine", note "mine", true)
    host.poll_with("http", note "http", true)
    host.poll_with("jobs", note "jobs", true)
    assert(run_loop { ["until"] = after(1) } == true)
    assert(table.concat(order, " ") == "jobs http mine")
end

-- [34]
function test.options_turn_pollers_on_and_off()
    local order = {}
    local function note(name) return function() order[#order + 1] = name end end
    host.poll_with("process", note "process", false)
    host.poll_with("http", note "http", true)
    host.poll_with("jobs", note "jobs", true)
    run_loop { ["until"] = after(1), ["poll-jobs"] = false, ["poll-process"] = true }
    assert(table.concat(order, " ") == "http process")
    order = {}
    run_loop { ["until"] = after(1), poll_http = false }
    assert(table.concat(order, " ") == "jobs")
end

-- [34]
function test.a_poll_option_that_is_no_boolean_is_ignored()
    local polls = 0
    host.poll_with("jobs", function() polls = polls + 1 end, true)
    host.poll_with("process", function() error("is off") end, false)
    run_loop { ["until"] = after(1), ["poll-jobs"] = 0, ["poll-process"] = "yes" }
    assert(polls == 1)
end

-- [34]
function test.an_until_that_is_no_function_is_ignored()
    host.poll_with("clock", function() host.advance(1) end, true)
    local callable = setmetatable({}, { __call = function() return true end })
    for _, no in ipairs { true, 0, "x", callable } do
        assert(run_loop { ["until"] = no, ["timeout-ms"] = 3 } == false)
    end
end

-- [37]
function test.a_turn_polls_then_dispatches_then_asks()
    local order = {}
    local id = callbacks.register(function(name) order[#order + 1] = name end)
    host.poll_with("jobs", function()
        order[#order + 1] = "poll"
        callbacks.enqueue(id, "callback")
    end, true)
    local turns = after(2)
    run_loop { ["sleep-ms"] = 0, ["until"] = function()
        order[#order + 1] = "until"
        return turns()
    end }
    assert(table.concat(order, " ") == "poll callback until poll callback until")
end

-- [37]
function test.there_is_one_dispatch_before_the_first_check()
    local n = 0
    callbacks.enqueue(callbacks.register(function() n = n + 1 end))
    assert(run_loop { ["until"] = function() return n == 1 end } == true)
    callbacks.enqueue(1)
    host.poll_with("clock", function() host.advance(5) end, true)
    assert(run_loop { ["timeout-ms"] = 1 } == false and n == 2)
end

-- [37]
function test.until_beats_the_timeout()
    host.poll_with("clock", function() host.advance(100) end, true)
    assert(run_loop { ["timeout-ms"] = 1, ["until"] = function() return true end } == true)
    assert(run_loop { ["timeout-ms"] = 1, ["until"] = function() return false end } == false)
end

-- [37]
function test.it_returns_one_boolean()
    host.poll_with("clock", function() host.advance(5) end, true)
    assert(select("#", run_loop { ["until"] = after(1) }) == 1)
    assert(select("#", run_loop { ["timeout-ms"] = 1 }) == 1)
end

-- [37]
function test.until_counts_as_lua_counts()
    local answers = { false, "none", nil, 0 }
    local asked = 0
    assert(run_loop { ["sleep-ms"] = 0, ["until"] = function()
        asked = asked + 1
        if asked == 2 then return end
        return answers[asked]
    end } == true)
    assert(asked == 4)
    assert(run_loop { ["until"] = function() return "" end } == true)
end

-- [37]
function test.the_error_of_until_is_raised_and_queued_items_stay()
    local n = 0
    local id = callbacks.register(function() n = n + 1 end)
    local object = {}
    local ok, got = pcall(run_loop, { ["until"] = function()
        callbacks.enqueue(id)
        error(object)
    end })
    assert(not ok and got == object and n == 0)
    assert(callbacks.dispatch() == 1 and n == 1)
end

function test.the_error_of_a_poller_is_raised()
    host.poll_with("jobs", function() error("no jobs", 0) end, true)
    fails("no jobs", run_loop)
end

-- [44]
function test.an_arriving_callback_ends_the_wait_at_once()
    local done = false
    local id = callbacks.register(function() done = true end)
    -- It would wait for an hour.
    host.poll_with("other", function() if not done then host.enqueue(id, 1) end end, true)
    assert(run_loop { ["sleep-ms"] = 3600000, ["until"] = function() return done end } == true)
end

-- [44]
function test.sleep_ms_bounds_one_wait()
    -- Nobody ends it but the clock.
    assert(run_loop { ["sleep-ms"] = 2, ["until"] = after(5) } == true)
end

-- [44]
function test.a_timer_of_the_loop_ends_the_wait()
    local fired = 0
    callbacks["set-timer"](20, function() fired = fired + 1 end)
    assert(run_loop { ["sleep-ms"] = 3600000, ["timeout-ms"] = 3600000,
        ["until"] = function() return fired == 1 end } == true)
end

-- [46]
function test.numbers_are_truncated_and_checked()
    host.poll_with("clock", function() host.advance(1) end, true)
    for _, name in ipairs { "sleep-ms", "timeout-ms", "sleep_ms", "timeout_ms" } do
        local dashed = name:gsub("_", "-")
        for _, wrong in ipairs { "1", {}, true, print } do
            local message = "callbacks.run-loop " .. dashed .. " must be a number"
            fails(message, run_loop, { [name] = wrong })
        end
        for _, wrong in ipairs { -1, -0.5, -1 / 0, 0 / 0 } do
            fails("callbacks.run-loop value must be non-negative", run_loop, { [name] = wrong })
        end
    end
    assert(run_loop { ["sleep-ms"] = 0.9, ["timeout-ms"] = 2.9 } == false)
    assert(run_loop { ["sleep-ms"] = 1e300, ["timeout-ms"] = 1e300, ["until"] = after(1) } == true)
    fails("callbacks.run-loop options must be a table", run_loop, 7)
end

-- [46]
function test.a_timeout_of_zero_is_for_ever()
    host.poll_with("clock", function() host.advance(1000000) end, true)
    assert(run_loop { ["timeout-ms"] = 0, ["sleep-ms"] = 0, ["until"] = after(1000) } == true)
end

-- [47]
function test.a_loop_is_chosen_by_call_or_for_good()
    host.add_loop("uv")
    assert(run_loop { loop = "uv", ["until"] = after(1) } == true)
    local done = false
    local id = callbacks.register(function() done = true end)
    local function finishes(options)
        done = false
        options["sleep-ms"] = 3600000
        options["until"] = function()
            if not done then host.enqueue(id, 1) end
            return done
        end
        return run_loop(options)
    end
    assert(finishes { loop = "uv" })
    local before = host.wakes("uv")
    assert(before > 0 and finishes {} and host.wakes("uv") == before)
    callbacks["set-loop"]("uv")
    assert(finishes {} and host.wakes("uv") > before)
    before = host.wakes("uv")
    assert(finishes { loop = "default" } and host.wakes("uv") == before)
    -- An error on another loop leaves nothing behind.
    assert(not pcall(run_loop, { loop = "default", ["until"] = error }))
    assert(finishes {})
end

-- [47]
function test.unknown_loops_are_errors_that_list_the_known_ones()
    fails("callbacks.run-loop unknown loop 'uv'; known: default", run_loop, { loop = "uv" })
    host.add_loop("uv")
    fails("callbacks.set-loop unknown loop 'x'; known: default, uv", callbacks["set-loop"], "x")
    fails("callbacks.set-loop loop must be a string", callbacks["set-loop"])
    fails("callbacks.run-loop loop must be a string", run_loop, { loop = 1 })
end

-- [20]
function test.a_timer_fires_once_and_is_gone()
    local n = 0
    local id = callbacks["set-timer"](10, function(...) n = n + 1 assert((...) == nil) end)
    callbacks.dispatch()
    host.advance(9.999)
    run_loop { ["until"] = after(2) }
    assert(n == 0)
    host.advance(0.001)
    run_loop { ["until"] = after(2), ["sleep-ms"] = 0 }
    assert(n == 1 and callbacks["cancel-timer"](id) == false and host.stats().registered == 0)
end

-- [20]
function test.a_repeating_timer_fires_until_it_is_cancelled()
    local n = 0
    local id
    id = callbacks["set-timer"](5, function()
        n = n + 1
        if n == 3 then assert(callbacks["cancel-timer"](id) == true) end
    end, 5)
    host.poll_with("clock", function() host.advance(5) end, true)
    run_loop { ["until"] = after(20), ["sleep-ms"] = 0 }
    assert(n == 3 and host.stats().registered == 0)
end

-- [7]
function test.a_repeating_timer_does_not_pile_up()
    local n = 0
    callbacks["set-timer"](1, function() n = n + 1 end, 1)
    for round = 1, 3 do
        for _ = 1, 10 do
            host.advance(1)
            host.poll()
        end
        assert(host.stats().pending == 1 and callbacks.dispatch() == 1 and n == round)
    end
end

-- [7]
function test.a_cancelled_timer_never_fires()
    local id = callbacks["set-timer"](0, function() error("cancelled") end)
    run_loop { ["until"] = after(1) }
    assert(callbacks["cancel-timer"](id) == true and callbacks["cancel-timer"](id) == false)
    host.advance(10)
    run_loop { ["until"] = after(3), ["sleep-ms"] = 0 }
end

-- The form in which Fennel scripts call it.
function test.the_call_of_a_fennel_script()
    local done = false
    callbacks.enqueue(callbacks.register(function() done = true end))
    assert(run_loop { ["until"] = function() return done end, ["poll-jobs"] = true,
        ["sleep-ms"] = 0, ["timeout-ms"] = 2000 } == true)
end
