/* Jobs that have to end do so, whatever they catch and wherever they are, and so does what runs on
   the same state afterwards. */
#include "script_limits.h"

/* Each of these catches what would end it. */
static const char *const stubborn[] = {
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error) end",
    "local loop = function() while true do end end while true do xpcall(loop, loop) end",
    "while true do xpcall(error, function() while true do end end) end",
    "while true do coroutine.wrap(function() while true do end end)() end",
    "while true do local co = coroutine.create(function() while true do coroutine.yield() end end)"
    " for i = 1, 100 do coroutine.resume(co) end end",
    "local function deeper() while true do coroutine.wrap(deeper)() end end"
    " while true do pcall(deeper) end",
    "while true do local x <close> = " CLOSE("while true do end") " end",
    "local function again() local x <close> = " CLOSE(
        "while true do end") " while true do end end"
                             " while true do pcall(again) end",
    "local function again() local x <close> = setmetatable({}, {__close = again}) end"
    " while true do pcall(again) end",
    "while true do pcall(string.gsub, ('x'):rep(1000), 'x', function() while true do end end) end",
    "while true do pcall(table.sort, {3, 1, 2}, function() while true do end end) end",
};

SL_TEST(nothing_that_a_script_catches_outlives_its_deadline_or_its_budget) {
    for (uint32_t isolation = 0; isolation < 2; isolation++) {
        sl_script_runner_config config = config_of(1, 1);
        config.isolation = isolation;
        host host = host_with(&config);
        for (size_t at = 0; at < sizeof stubborn / sizeof stubborn[0]; at++) {
            sl_script_job job = named_job(stubborn[at]);
            job.deadline_ms = 15;
            expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "limit:1: the deadline of 15 ms");
            job.deadline_ms = 0;
            job.instructions_max = 20000;
            expect_ended(&host, &job, SL_OUTCOME_INSTRUCTIONS, "limit:1: the budget of 20000");
        }
        expect_healthy(&host);
        host_free(&host);
    }
}

SL_TEST(handlers_of_close_run_once_when_the_job_is_interrupted) {
    sl_script_runner_config config = config_of(1, 1);
    config.close_grace_ms = 10000;
    host host = host_with(&config);
    sl_script_job job =
        named_job("closed = ''\n"
                  "local a <close> = " CLOSE(
                      "closed = closed .. 'a'") "\n"
                                                "local b <close> = " CLOSE(
                                                    "closed = closed .. 'b'") "\n"
                                                                              "while true do end");
    job.deadline_ms = 10;
    expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "limit:4: the deadline");
    check_text(&host, "return closed", "ba");
    job.deadline_ms = 0;
    job.instructions_max = 1000;
    expect_ended(&host, &job, SL_OUTCOME_INSTRUCTIONS, "limit:4: the budget");
    check_text(&host, "return closed", "ba");
    job = named_job("closed = ''\n"
                    "local a <close> = " CLOSE(
                        "closed = closed .. 'a'") "\n"
                                                  "local all = {} while true do all[#all + 1] = "
                                                  "('x'):rep(1000) .. #all end");
    job.memory_max = 2048 * KIB;
    expect_ended(&host, &job, SL_OUTCOME_MEMORY, "limit:3: not enough memory");
    check_text(&host, "return closed", "a");
    expect_healthy(&host);
    host_free(&host);
}

SL_TEST(handlers_of_close_are_cut_after_their_grace) {
    sl_script_runner_config config = config_of(1, 1);
    config.close_grace_ms = 25;
    host host = host_with(&config);
    sl_script_job job = named_job("local a <close> = " CLOSE(
        "outer = 'ran'") "\n"
                         "local b <close> = " CLOSE("cut = 'begun' while true do end"
                                                    " cut = 'ended'") "\n"
                                                                      "while true do end");
    job.deadline_ms = 10;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_TIMEOUT);
    expect_part(action.result->error, "limit:3: the deadline of 10 ms");
    SL_CHECK(action.result->run_ns >= (10 + 25) * MS);
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return cut", "begun");
    expect_healthy(&host);
    host_free(&host);
}

SL_TEST(coroutines_of_earlier_jobs_are_interrupted_too) {
    host host = host_of(2, 1);
    check_text(&host,
               "old = coroutine.wrap(function() coroutine.yield('made') while true do end end)"
               " older = coroutine.create(function() local inner = coroutine.wrap(function()"
               " coroutine.yield() while true do end end) inner() coroutine.yield() inner() end)"
               " coroutine.resume(older) return old()",
               "made");
    sl_script_job job = named_job("local x\nold()");
    job.deadline_ms = 15;
    expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "the deadline of 15 ms");
    job = named_job("local x\ncoroutine.resume(older)");
    job.deadline_ms = 15;
    expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "the deadline of 15 ms");
    /* It was interrupted by a yield, and could be resumed. */
    check_text(&host, "return coroutine.status(older)", "suspended");
    expect_healthy(&host);
    host_free(&host);
}

/* An error that left the hook took the hook with it, for all that ran there afterwards: handlers,
   closed coroutines, and every later job. */
SL_TEST(what_follows_an_error_out_of_the_hook_is_interrupted_too) {
    static const char *const before[] = {
        "('x'):gsub('x', function() while true do end end)",
        "local c <close> = " CLOSE("while true do end") " tostring(setmetatable({}, {__tostring = "
                                                        "function() while true do end end}))",
        "co = coroutine.create(function() local c <close> = " CLOSE(
            "while true do end") " table.sort({2, 1}, function() while true do end end) end) "
                                 "coroutine.resume(co)",
    };
    host host = host_of(2, 1);
    for (size_t at = 0; at < sizeof before / sizeof *before; at++) {
        sl_script_job job = named_job(before[at]);
        job.deadline_ms = 10;
        expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "limit:1: the deadline of 10 ms has passed");
        job = named_job(ENDLESS);
        job.deadline_ms = 10;
        expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "limit:2: the deadline of 10 ms has passed");
    }
    sl_script_job job = named_job("coroutine.close(co)");
    job.deadline_ms = 10;
    expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "the deadline of 10 ms has passed");
    expect_healthy(&host);
    host_free(&host);
}

/* Found by random input: Lua shifts the arguments of such a call again and again, looks at no hook,
   and has room for a million of them. */
SL_TEST(a_worker_comes_back_from_a_circle_of_calls) {
    sem_t exited;
    SL_CHECK_EQ(sem_init(&exited, 0, 0), 0);
    sl_script_runner_config config = config_of(1, 1);
    config.on_thread_exit = note_exit;
    config.userdata = &exited;
    host host = host_with(&config);
    sl_script_job job = named_job("local t = {} setmetatable(t, {__call = t}) t()");
    job.deadline_ms = 20;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_TIMEOUT);
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return 'healthy'", "healthy");
    uint64_t stuck = stats_of(&host).workers_replaced;
    host_free(&host);
    for (uint64_t at = 0; at < 1 + stuck; at++) {
        wait_for(&exited);
    }
    SL_CHECK_EQ(sem_destroy(&exited), 0);
}
