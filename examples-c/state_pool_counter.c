/*
 * state_pool_counter: states persist, so with a pool of one a global counts the jobs.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/state_pool_counter.c -o target/state_pool_counter \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/state_pool_counter
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.state_pool_counter --output-on-failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

enum { JOBS = 10, WAIT_MS = 5000 };

static const char *const COUNT = "x = (x or 0) + 1; return x";

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* Enqueues one job and waits for its result: the way of a tool that has no frame and no loop. */
static int64_t count_once(sl_script_runner *runner, sl_action_queue *actions) {
    sl_script_job job;
    must(sl_script_job_init(&job, sizeof job), "sl_script_job_init");
    job.source = COUNT;
    job.source_len = strlen(COUNT);
    sl_job_id id = 0;
    must(sl_script_runner_enqueue(runner, &job, &id), "sl_script_runner_enqueue");

    sl_action action = {.size = sizeof action};
    must(sl_action_queue_pop_timeout(actions, WAIT_MS, &action), "sl_action_queue_pop_timeout");

    int64_t counted = -1;
    const sl_script_result *result = action.result;
    if (action.id == id && action.success && result->values_len == 1 &&
        result->values[0].kind == SL_VALUE_KIND_INTEGER) {
        counted = result->values[0].as.integer;
    }
    /* A popped action belongs to the caller, and its result goes with it. */
    must(sl_action_free(&action), "sl_action_free");
    return counted;
}

int main(void) {
    sl_script_runner_config config;
    must(sl_script_runner_config_init(&config, sizeof config), "sl_script_runner_config_init");
    config.workers = 1;
    config.states = 1;

    sl_script_runner *runner = NULL;
    sl_action_queue *actions = NULL;
    must(sl_script_runner_new(NULL, &config, &runner), "sl_script_runner_new");
    must(sl_script_runner_actions(runner, &actions), "sl_script_runner_actions");

    int64_t wrong = 0;
    for (int64_t expected = 1; expected <= JOBS; expected++) {
        int64_t counted = count_once(runner, actions);
        printf("%lld ", (long long)counted);
        wrong += counted != expected;
    }
    printf("\n");

    /* The same source is compiled once and then found in the state's chunk cache. */
    sl_script_runner_stats stats = {.size = sizeof stats};
    must(sl_script_runner_read_stats(runner, &stats), "sl_script_runner_read_stats");
    printf("compiled %llu time, found in the cache %llu times\n",
           (unsigned long long)stats.chunk_misses, (unsigned long long)stats.chunk_hits);
    must(sl_script_runner_free(runner), "sl_script_runner_free");

    if (wrong != 0 || stats.chunk_misses != 1 || stats.chunk_hits != JOBS - 1) {
        fprintf(stderr, "state_pool_counter: the state or its cache did not persist\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
