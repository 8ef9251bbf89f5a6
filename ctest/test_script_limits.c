/* How far jobs may go: each limit bites where it is set, and the state is healthy afterwards. */
#include "script_limits.h"

/* A limit, and a script that ends by itself, but not within the small one. */
typedef struct limit {
    size_t of_runner;
    size_t of_job;
    uint64_t small;
    uint64_t large;
    const char *source;
    uint32_t outcome;
    const char *error;
} limit;

static const limit limits[] = {
    {offsetof(sl_script_runner_config, deadline_ms), offsetof(sl_script_job, deadline_ms), 20,
     10000, "local start = os.clock()\nwhile os.clock() - start < 0.06 do end return 'done'",
     SL_OUTCOME_TIMEOUT, "limit:2: the deadline of 20 ms has passed"},
    {offsetof(sl_script_runner_config, instructions_max), offsetof(sl_script_job, instructions_max),
     10000, 100000000, "local n = 0\nfor i = 1, 100000 do n = n + i end return 'done'",
     SL_OUTCOME_INSTRUCTIONS, "limit:2: the budget of 10000 instructions is used up"},
    {offsetof(sl_script_runner_config, memory_max), offsetof(sl_script_job, memory_max), 1024 * KIB,
     65536 * KIB, "local text = 'x'\ntext = text:rep(4 << 20) return 'done'", SL_OUTCOME_MEMORY,
     "limit:2: not enough memory: the limit is 1048576 bytes"},
};

static void set_number(void *of, size_t at, uint64_t number) {
    memcpy((char *)of + at, &number, sizeof number);
}

static void try_limit(const limit *limit, uint64_t of_runner, uint64_t of_job, bool bites) {
    sl_script_runner_config config = config_of(1, 1);
    set_number(&config, limit->of_runner, of_runner);
    host host = host_with(&config);
    expect_healthy(&host);
    sl_script_job job = named_job(limit->source);
    set_number(&job, limit->of_job, of_job);
    for (int round = 0; round < 2; round++) { /* the chunk is compiled, then kept */
        if (bites) {
            expect_ended(&host, &job, limit->outcome, limit->error);
        } else {
            expect_action(&host, enqueue(&host, &job), SL_OUTCOME_OK, "done");
        }
    }
    expect_healthy(&host);
    host_free(&host);
}

SL_TEST(the_limit_of_a_job_overrides_the_one_of_the_runner) {
    for (size_t at = 0; at < sizeof limits / sizeof limits[0]; at++) {
        const limit *limit = &limits[at];
        try_limit(limit, limit->small, 0, true);
        try_limit(limit, limit->small, limit->large, false);
        try_limit(limit, limit->small, NONE, false);
        try_limit(limit, limit->large, limit->small, true);
        try_limit(limit, limit->large, 0, false);
        try_limit(limit, 0, limit->small, true);
        try_limit(limit, 0, 0, false);
        try_limit(limit, 0, NONE, false);
        try_limit(limit, NONE, limit->small, true);
        try_limit(limit, NONE, 0, false);
    }
}

SL_TEST(a_deadline_is_never_early) {
    host host = host_of(1, 1);
    for (uint64_t ms = 1; ms <= 40; ms += 3) {
        sl_script_job job = named_job(ENDLESS);
        job.deadline_ms = ms;
        sl_action action = run_job(&host, &job);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_TIMEOUT);
        SL_CHECK(action.result->run_ns >= ms * MS);
        SL_CHECK_OK(sl_action_free(&action));
    }
    expect_healthy(&host);
    host_free(&host);
}

SL_TEST(the_largest_numbers_are_no_limits_at_all) {
    host host = host_of(1, 1);
    const uint64_t numbers[] = {0, NONE, NONE - 1, NONE / 2, NONE / 1000000, NONE / 1000000 + 1};
    for (size_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        sl_script_job job = named_job(limits[1].source);
        job.deadline_ms = numbers[at];
        job.instructions_max = numbers[at];
        job.memory_max = numbers[at];
        job.state_wait_ms = numbers[at];
        expect_action(&host, enqueue(&host, &job), SL_OUTCOME_OK, "done");
    }
    host_free(&host);
}

SL_TEST(of_all_limits_at_once_the_first_one_that_bites_wins) {
    sl_script_runner_config config = config_of(1, 1);
    config.deadline_ms = 20000;
    config.instructions_max = UINT64_C(1) << 40;
    config.memory_max = 32768 * KIB;
    config.state_wait_ms = 1;
    host host = host_with(&config);
    sl_script_job job = named_job(ENDLESS);
    job.deadline_ms = 20;
    expect_ended(&host, &job, SL_OUTCOME_TIMEOUT, "limit:2: the deadline");
    job = named_job(ENDLESS);
    job.instructions_max = 1000;
    expect_ended(&host, &job, SL_OUTCOME_INSTRUCTIONS, "limit:2: the budget");
    job = named_job("local all = {}\nfor i = 1, 1 << 40 do all[i] = {} end");
    expect_ended(&host, &job, SL_OUTCOME_MEMORY, "limit:2: not enough memory");
    job = named_job("local x\nerror('mine')");
    expect_ended(&host, &job, SL_OUTCOME_SCRIPT_ERROR, "limit:2: mine");
    expect_healthy(&host);
    host_free(&host);
}

SL_TEST(a_memory_error_that_is_caught_still_ends_the_job_as_one) {
    const char *const sources[] = {
        "local x\nlocal ok = pcall(string.rep, 'x', 1 << 30) return ok, 'went on'",
        "local x\nwhile true do pcall(string.rep, 'x', 1 << 30) end",
        "local x\nxpcall(string.rep, function() return 'handled' end, 'x', 1 << 30) return 1",
        "local x\nlocal co = coroutine.create(string.rep) coroutine.resume(co, 'x', 1 << 30)",
        "local x\npcall(function() local t = {} while true do t[#t + 1] = {#t} end end) return 1",
    };
    host host = host_of(1, 1);
    for (size_t at = 0; at < sizeof sources / sizeof sources[0]; at++) {
        sl_script_job job = named_job(sources[at]);
        job.memory_max = 4096 * KIB;
        expect_ended(&host, &job, SL_OUTCOME_MEMORY, "limit:2: not enough memory");
        expect_healthy(&host);
    }
    host_free(&host);
}

SL_TEST(a_state_whose_globals_hold_all_its_memory_is_replaced) {
    lines lines;
    lines_start(&lines);
    sl_script_runner_config config = config_of(1, 1);
    config.memory_max = 4096 * KIB;
    host host = host_with(&config);
    sl_script_job job = named_job("hoard = {}\nwhile true do\n"
                                  "hoard[#hoard + 1] = ('x'):rep(1000) .. #hoard\nend");
    for (uint64_t round = 1; round <= 3; round++) {
        expect_ended(&host, &job, SL_OUTCOME_MEMORY, "limit:3: not enough memory");
        check_text(&host, "return type(hoard)", "nil");
        SL_CHECK_EQ(state_of(&host, 0).replaced, round);
    }
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK_EQ(stats.states, 1);
    SL_CHECK_EQ(stats.workers, 1);
    SL_CHECK_EQ(stats.workers_replaced, 0);
    lines_expect(&lines, "state 0 is replaced: its globals took its memory");
    host_free(&host);
    lines_end();
}

/* The only state is taken until `hold` is let go; there are two more workers. */
static sl_job_id take_state(const host *host, hold *hold) {
    sl_script_job job = job_of("hold() return 'let go'");
    sl_job_id holder = enqueue(host, &job);
    wait_for(&hold->entered);
    return holder;
}

static void try_state_wait(uint64_t of_runner, uint64_t of_job, bool bites) {
    hold hold;
    sl_script_function function = hold_function(&hold);
    sl_script_runner_config config = config_of(3, 1);
    config.functions = &function;
    config.functions_len = 1;
    config.state_wait_ms = of_runner;
    host host = host_with(&config);
    sl_job_id holder = take_state(&host, &hold);
    sl_script_job job = named_job("return 'had one'");
    job.state_wait_ms = of_job;
    sl_job_id first = enqueue(&host, &job);
    if (bites) {
        expect_action(&host, first, SL_OUTCOME_NO_STATE, "no state became free within 10 ms");
    } else {
        /* Another one waits longer than the small limit, and is the first to give up. */
        job.state_wait_ms = 30;
        sl_job_id second = enqueue(&host, &job);
        expect_action(&host, second, SL_OUTCOME_NO_STATE, "no state became free within 30 ms");
    }
    sem_post(&hold.let_go);
    expect_action(&host, holder, SL_OUTCOME_OK, "let go");
    if (!bites) {
        expect_action(&host, first, SL_OUTCOME_OK, "had one");
    }
    /* As long as it takes: the worker that had the state gives it back when it is idle. */
    job = named_job("return 'healthy'");
    job.state_wait_ms = NONE;
    expect_action(&host, enqueue(&host, &job), SL_OUTCOME_OK, "healthy");
    host_free(&host);
    wait_for(&hold.dropped);
}

SL_TEST(a_job_waits_for_a_state_as_long_as_it_may) {
    try_state_wait(10, 0, true);
    try_state_wait(10, 20000, false);
    try_state_wait(10, NONE, false);
    try_state_wait(20000, 10, true);
    try_state_wait(0, 10, true);
    try_state_wait(0, 0, false);
    try_state_wait(0, NONE, false);
    try_state_wait(NONE, 10, true);
    try_state_wait(NONE, 0, false);
}

SL_TEST(a_deadline_begins_when_there_is_a_state) {
    hold hold;
    host host = holding_host(&hold, 3, 1);
    sl_job_id holder = take_state(&host, &hold);
    sl_script_job job = named_job("return 'in time'");
    job.deadline_ms = 10;
    sl_job_id waits = enqueue(&host, &job);
    job.state_wait_ms = 30;
    expect_action(&host, enqueue(&host, &job), SL_OUTCOME_NO_STATE, "within 30 ms");
    sem_post(&hold.let_go);
    expect_action(&host, holder, SL_OUTCOME_OK, "let go");
    sl_action action = next_action(&host);
    SL_CHECK_EQ(action.id, waits);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
    SL_CHECK(action.result->wait_ns >= 20 * MS);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
    wait_for(&hold.dropped);
}
