-- What a script sees of `jobs`. Each function is a CTest case of each Lua; the numbers in brackets
-- are those of the requirements. There is one worker.

local jobs = require "jobs"

local function fails(message, f, ...)
    local ok, got = pcall(f, ...)
    assert(not ok, "no error instead of: " .. message)
    assert(got == message, tostring(got))
end

-- Runs the loop until a condition holds; nothing but a callback ends its waits.
local function wait_until(holds)
    assert(callbacks["run-loop"] { ["until"] = holds, ["sleep-ms"] = 3600000 } == true)
end

-- [63]
function test.jobs_is_a_module_of_its_own()
    assert(package.loaded.jobs == jobs)
    package.loaded.jobs = nil
    assert(require "jobs" == jobs)
end

-- [55]
function test.ids_start_at_1_also_for_an_unknown_kind_which_fails_at_once()
    assert(jobs.submit("nothing") == 1 and jobs.submit("echo", "x") == 2)
    host.wait_ready(2)
    local results = jobs.poll()
    assert(#results == 2 and results[1].id == 1 and results[1].ok == false)
    assert(results[1].error == "Unknown job kind: nothing" and results[1].kind == "nothing")
    assert(results[2].id == 2 and results[2].ok == true and results[2].result == "x")
end

-- [55]
function test.a_handler_that_fails_gives_its_error_and_the_worker_lives_on()
    jobs.submit("fail", "x")
    jobs.submit("echo", "y")
    host.wait_ready(2)
    local failed, fine = (table.unpack or unpack)(jobs.poll())
    assert(failed.ok == false and failed.error == "no luck" and failed.result == nil)
    assert(failed.cancelled == false and fine.result == "y" and fine.error == nil)
end

-- [61]
function test.poll_takes_at_most_max_in_order_and_the_rest_stays()
    for at = 1, 5 do jobs.submit("echo", tostring(at)) end
    host.wait_ready(5)
    local first = jobs.poll(2)
    assert(#first == 2 and first[1].result == "1" and first[2].result == "2")
    assert(#jobs.poll(1.9) == 1)
    local rest = jobs.poll(0)
    assert(#rest == 2 and rest[1].result == "4" and #jobs.poll() == 0)
end

-- [61]
function test.poll_by_kind_and_owner()
    jobs.submit("echo", "mine")
    jobs.submit("uppercase", "loud")
    jobs.submit { kind = "echo", payload = "engine's", owner = 0 }
    jobs.submit { kind = "echo", payload = "mod's", owner = 77 }
    host.wait_ready(4)
    assert(jobs.poll { kind = "uppercase" }[1].result == "LOUD")
    local mods = jobs.poll { owner = 77, kind = "echo", max_results = 5 }
    assert(#mods == 1 and mods[1].result == "mod's")
    -- Without a word, a script polls what scripts submitted.
    local own = jobs.poll()
    assert(#own == 1 and own[1].result == "mine")
    assert(jobs.poll { owner = 0 }[1].result == "engine's")
end

-- [63]
function test.a_callback_is_called_once_and_its_result_is_not_polled_and_waits_end()
    local seen = {}
    local id = jobs.submit("echo", "a\0b", function(result, ...)
        assert(select("#", ...) == 0)
        seen[#seen + 1] = result
    end)
    jobs.submit("echo", "polled")
    wait_until(function() return #seen == 1 end)
    host.wait_ready(1)
    local polled = jobs.poll()
    assert(#polled == 1 and polled[1].result == "polled")
    assert(seen[1].id == id and seen[1].ok and seen[1].kind == "echo" and seen[1].result == "a\0b")
    callbacks.dispatch()
    assert(#seen == 1 and host.stats().registered == 0)
end

-- [63]
function test.submit_takes_a_table_and_waits_end()
    local result
    jobs.submit { kind = "uppercase", payload = "x", callback = function(r) result = r end }
    wait_until(function() return result ~= nil end)
    assert(result.result == "X")
    jobs.submit { kind = "nothing", callback = function(r) result = r end }
    wait_until(function() return not result.ok end)
    assert(result.error == "Unknown job kind: nothing")
end

-- [63] [71]
function test.a_result_has_binary_and_aux_and_waits_end()
    local result
    jobs.submit("binary", nil, function(r) result = r end)
    wait_until(function() return result ~= nil end)
    assert(result.binary == "a\0b" and result.result == "")
    for at, name in ipairs { "aux-a", "aux-b", "aux-c", "aux-d" } do assert(result[name] == at) end
    assert(math.type == nil or math.type(result["aux-a"]) == "integer")
end

-- [63]
function test.wrong_arguments_are_errors_of_the_caller()
    fails("jobs.submit requires a kind", jobs.submit)
    fails("jobs.submit requires a kind", jobs.submit, nil, "x")
    fails("jobs.submit requires a kind", jobs.submit, { payload = "x" })
    fails("jobs.submit kind must be a string", jobs.submit, 7)
    fails("jobs.submit kind must be a string", jobs.submit, { kind = {} })
    fails("jobs.submit payload must be a string", jobs.submit, "echo", {})
    fails("jobs.submit callback must be a function", jobs.submit, "echo", "x", "f")
    fails("jobs.submit owner must be a number", jobs.submit, { kind = "echo", owner = "me" })
    local early = { kind = "echo", priority = -1 }
    fails("jobs.submit priority must be non-negative", jobs.submit, early)
    fails("jobs.poll max_results must be non-negative", jobs.poll, -1)
    fails("jobs.poll max_results must be non-negative", jobs.poll, 0 / 0)
    fails("jobs.poll max_results must be a number", jobs.poll, "all")
    fails("jobs.poll kind must be a string", jobs.poll, { kind = 1 })
    fails("jobs.cancel id must be a number", jobs.cancel)
    assert(host.stats().registered == 0 and jobs.submit("nothing") == 1)
end

-- [74]
function test.a_cancelled_job_gives_one_result_and_waits_end()
    local results = {}
    local function note(result) results[#results + 1] = result end
    local sleeps = jobs.submit("sleep_ms", "3600000", note)
    local queued = jobs.submit("echo", "x", note)
    assert(jobs.cancel(queued) == true and jobs.cancel(queued) == false)
    assert(jobs.cancel(sleeps) == true)
    wait_until(function() return #results == 2 end)
    assert(results[1].id == queued and results[2].id == sleeps)
    for _, result in ipairs(results) do
        assert(not result.ok and result.cancelled and result.error == "the job was cancelled")
    end
    assert(jobs.cancel(sleeps) == false and jobs.cancel(0) == false and jobs.cancel(99) == false)
end

function test.an_error_in_a_jobs_callback_is_reported_and_waits_end()
    local done = false
    jobs.submit("echo", "x", function() error("no use", 0) end)
    jobs.submit("echo", "y", function() done = true end)
    wait_until(function() return done end)
    assert(host.log() == "[callbacks] invocation failed for id 1: no use\n")
end
