/* What the host gives to all states: modules, functions, hooks. */
#include "script_limits.h"
#include "submit_test.h"

#include <pthread.h>

typedef struct counts {
    int calls;
    int drops;
} counts;

static void count_drop(void *userdata) {
    ((counts *)userdata)->drops++;
}

static void add(void *userdata, const sl_value *args, size_t args_len, sl_script_return *ret) {
    ((counts *)userdata)->calls++;
    if (args_len != 2 || args[0].kind != SL_VALUE_KIND_INTEGER) {
        SL_CHECK_OK(sl_script_return_error(ret, "two integers expected", 21));
        return;
    }
    sl_value sum = {.kind = SL_VALUE_KIND_INTEGER};
    sum.as.integer = args[0].as.integer + args[1].as.integer;
    SL_CHECK_OK(sl_script_return_values(ret, &sum, 1));
}

static void expect_text(const host *host, const char *source, uint32_t outcome, const char *part) {
    sl_action action = run_source(host, source);
    SL_CHECK_EQ(action.result->outcome, outcome);
    const char *text = outcome == SL_OUTCOME_OK ? action.result->text : action.result->error;
    if (strstr(text, part) == NULL) {
        fprintf(stderr, "%s: %s\n", source, text);
    }
    SL_CHECK(strstr(text, part) != NULL);
    SL_CHECK_OK(sl_action_free(&action));
}

SL_TEST(a_function_gets_typed_arguments_and_gives_values_or_an_error) {
    counts counts = {0, 0};
    sl_script_function functions[] = {
        {.name = "world.add", .call = add, .userdata = &counts, .drop = count_drop},
        {.name = "draw", .call = add, .main_thread_only = 1},
    };
    sl_script_runner_config config = config_of(1, 1);
    config.functions = functions;
    config.functions_len = 2;
    for (uint32_t isolation = 0; isolation < 2; isolation++) {
        config.isolation = isolation;
        host host = host_with(&config);
        expect_text(&host, "return world.add(2, 3)", SL_OUTCOME_OK, "5");
        expect_text(&host, "return world.add('x')", SL_OUTCOME_SCRIPT_ERROR,
                    "script:1: two integers expected");
        expect_text(&host, "return select(2, pcall(world.add))", SL_OUTCOME_OK, "two integers");
        expect_text(&host, "draw()", SL_OUTCOME_SCRIPT_ERROR, "belongs to the main thread");
        expect_text(&host, "world.add(print)", SL_OUTCOME_SCRIPT_ERROR, "is a function");
        host_free(&host);
    }
    SL_CHECK_EQ(counts.calls, 6);
    SL_CHECK_EQ(counts.drops, 2);
}

SL_TEST(modules_come_from_memory) {
    const char *source = "local name = ... return { name = name, count = 0 }";
    sl_script_module modules[] = {{"game.units", source, strlen(source)}, {"bad", "x(", 2}};
    sl_script_runner_config config = config_of(1, 1);
    config.modules = modules;
    config.modules_len = 2;
    for (uint32_t library = 0; library < 2; library++) {
        for (uint32_t isolation = 0; isolation < 2; isolation++) {
            config.library = library;
            config.isolation = isolation;
            host host = host_with(&config);
            expect_text(&host, "return require('game.units').name", SL_OUTCOME_OK, "game.units");
            expect_text(&host,
                        "local m = require 'game.units' m.count = m.count + 1 "
                        "return require('game.units').count",
                        SL_OUTCOME_OK, "1");
            expect_text(&host, "return require('game.units').count", SL_OUTCOME_OK,
                        isolation == SL_SCRIPT_ISOLATION_JOB ? "0" : "1");
            expect_text(&host, "require 'bad'", SL_OUTCOME_SCRIPT_ERROR, "bad:1: unexpected");
            expect_text(&host, "require 'nope'", SL_OUTCOME_SCRIPT_ERROR, "nope");
            host_free(&host);
        }
    }
}

static int32_t set_up(void *userdata, sl_script_setup *setup) {
    ((counts *)userdata)->calls++;
    const char *chunk = "function twice(x) return 2 * x end";
    SL_CHECK_OK(sl_script_setup_run(setup, "=setup", chunk, strlen(chunk)));
    sl_value value = {.kind = SL_VALUE_KIND_INTEGER};
    value.as.integer = 21;
    return sl_script_setup_set_global(setup, "half", &value);
}

SL_TEST(the_hook_sets_up_each_state) {
    counts counts = {0, 0};
    sl_script_runner_config config = config_of(1, 3);
    config.on_state_create = set_up;
    config.userdata = &counts;
    config.drop = count_drop;
    host host = host_with(&config);
    SL_CHECK_EQ(counts.calls, 3);
    expect_text(&host, "return twice(half)", SL_OUTCOME_OK, "42");
    host_free(&host);
    SL_CHECK_EQ(counts.drops, 1);
}

static int32_t fail(void *userdata, sl_script_setup *setup) {
    (void)userdata;
    return sl_script_setup_run(setup, NULL, "x(", 2);
}

SL_TEST(what_cannot_be_set_up_is_not_made_and_nothing_is_taken) {
    counts counts = {0, 0};
    sl_script_runner_config config = config_of(1, 1);
    config.on_state_create = fail;
    config.userdata = &counts;
    config.drop = count_drop;
    sl_script_runner *runner = NULL;
    SL_CHECK_STATUS(sl_script_runner_new(NULL, &config, &runner), SL_STATUS_INVALID_ARGUMENT);
    config.on_state_create = NULL;
    config.library = 2;
    SL_CHECK_STATUS(sl_script_runner_new(NULL, &config, &runner), SL_STATUS_INVALID_ARGUMENT);
    config.library = 0;
    config.functions_len = 1;
    SL_CHECK_STATUS(sl_script_runner_new(NULL, &config, &runner), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(counts.drops, 0);
    SL_CHECK(runner == NULL);
}

SL_TEST(the_hosts_own_pool_runs_the_jobs) {
    pool pool;
    pool_start(&pool);
    sl_script_runner_config config = config_of(2, 2);
    config.submit = pool_submit;
    config.userdata = &pool;
    config.deadline_ms = 50;
    host host = host_with(&config);
    sl_script_job job = job_of("return ...");
    sl_value arg = {.kind = SL_VALUE_KIND_INTEGER};
    job.args = &arg;
    job.args_len = 1;
    int64_t sum = 0;
    for (int i = 1; i <= 1000; i++) {
        arg.as.integer = i;
        enqueue(&host, &job);
    }
    for (int i = 1; i <= 1000; i++) {
        sl_action action = next_action(&host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
        sum += action.result->values[0].as.integer;
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_EQ(sum, 500500);
    sl_action late = run_source(&host, "while true do end");
    SL_CHECK_EQ(late.result->outcome, SL_OUTCOME_TIMEOUT);
    SL_CHECK_OK(sl_action_free(&late));
    expect_text(&host, "return 'healthy'", SL_OUTCOME_OK, "healthy");
    host_free(&host);
    pool_end(&pool);
    SL_CHECK(pool.ran > 0);
}

/* Such a task was counted as done twice, and the runner could not be freed. */
SL_TEST(a_task_that_is_stuck_is_left_behind_once) {
    pool pool;
    pool_start(&pool);
    hold hold;
    sl_script_function function = hold_function(&hold);
    sl_script_runner_config config = config_of(1, 1);
    config.submit = pool_submit;
    config.userdata = &pool;
    config.functions = &function;
    config.functions_len = 1;
    config.deadline_ms = 10;
    host host = host_with(&config);
    sl_action stuck = run_source(&host, "hold()");
    SL_CHECK_EQ(stuck.result->outcome, SL_OUTCOME_TIMEOUT);
    SL_CHECK_OK(sl_action_free(&stuck));
    SL_CHECK_EQ(stats_of(&host).workers_replaced, 1);
    expect_text(&host, "return 'healthy'", SL_OUTCOME_OK, "healthy");
    sem_post(&hold.let_go);
    pool_end(&pool);
    host_free(&host);
    wait_for(&hold.dropped);
}

SL_TEST(a_runner_on_a_pool_that_does_not_run_can_be_freed) {
    pool pool;
    memset(&pool, 0, sizeof pool);
    SL_CHECK_EQ(pthread_mutex_init(&pool.lock, NULL), 0);
    SL_CHECK_EQ(pthread_cond_init(&pool.news, NULL), 0);
    sl_script_runner_config config = config_of(2, 2);
    config.submit = pool_submit;
    config.userdata = &pool;
    sl_action_queue *actions = NULL;
    SL_CHECK_OK(sl_action_queue_new(NULL, &actions));
    config.actions = actions;
    host host = host_with(&config);
    sl_script_job job = job_of("return 1");
    for (int i = 0; i < 10; i++) {
        enqueue(&host, &job);
    }
    host_free(&host);
    for (int i = 0; i < 10; i++) {
        sl_action action = next_action(&host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CLOSED);
        SL_CHECK_OK(sl_action_free(&action));
    }
    /* Each task is run once, also now. */
    SL_CHECK_EQ(pool.tasks_len, 2);
    for (size_t i = 0; i < pool.tasks_len; i++) {
        pool.tasks[i].run(pool.tasks[i].task);
    }
    SL_CHECK_OK(sl_action_queue_free(actions));
}
