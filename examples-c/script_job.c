/*
 * script_job: typed arguments in, every return value out, and an error with its line.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/script_job.c -o target/script_job \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/script_job
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.script_job --output-on-failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

enum { WAIT_MS = 5000 };

static const char *const GREET = "local name, scores = ...\n"
                                 "local sum = 0\n"
                                 "for _, score in ipairs(scores) do sum = sum + score end\n"
                                 "return sum, sum / #scores, 'hello ' .. name";
static const char *const BROKEN = "local enemy = nil\n"
                                  "return enemy.health";

struct tally {
    uint32_t results;
    uint32_t wrong;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static sl_value integer(int64_t number) {
    sl_value value = {.kind = SL_VALUE_KIND_INTEGER};
    value.as.integer = number;
    return value;
}

static sl_value text(const char *bytes) {
    sl_value value = {.kind = SL_VALUE_KIND_BYTES};
    value.as.bytes.data = bytes;
    value.as.bytes.len = strlen(bytes);
    return value;
}

static bool greeting_is_right(const sl_script_result *result) {
    if (result->outcome != SL_OUTCOME_OK || result->values_len != 3) {
        return false;
    }
    const sl_value *sum = &result->values[0];
    const sl_value *mean = &result->values[1];
    printf("sum %lld, mean %g, text \"%s\"\n", (long long)sum->as.integer, mean->as.number,
           result->text);
    return sum->kind == SL_VALUE_KIND_INTEGER && sum->as.integer == 60 &&
           mean->kind == SL_VALUE_KIND_NUMBER && mean->as.number == 20.0 &&
           strcmp(result->text, "hello Ada") == 0;
}

/* Runs on the loop's thread. The action is lent: the library frees it after this call. */
static void on_result(void *userdata, const sl_action *action) {
    struct tally *tally = userdata;
    const sl_script_result *result = action->result;
    bool right = false;

    tally->results++;
    if (action->context == GREET) { /* the context comes back as it was given */
        right = action->success && greeting_is_right(result);
    } else {
        printf("%s\n", result->error);
        right = !action->success && result->outcome == SL_OUTCOME_SCRIPT_ERROR &&
                strstr(result->error, "broken.lua:2:") != NULL;
    }
    tally->wrong += !right;
}

int main(void) {
    struct tally tally = {0};
    sl_loop *loop = NULL;
    sl_script_runner *runner = NULL;
    sl_action_queue *actions = NULL;
    must(sl_loop_new(NULL, &loop), "sl_loop_new");
    must(sl_script_runner_new(loop, NULL, &runner), "sl_script_runner_new");
    must(sl_script_runner_actions(runner, &actions), "sl_script_runner_actions");
    must(sl_action_queue_attach(actions, loop, SL_PRIORITY_NORMAL, on_result, &tally, NULL),
         "sl_action_queue_attach");

    /* Everything is copied by enqueue: these may go out of scope right after it. */
    sl_value scores[3] = {integer(10), integer(20), integer(30)};
    sl_value args[2] = {text("Ada"), {.kind = SL_VALUE_KIND_ARRAY}};
    args[1].as.array.items = scores;
    args[1].as.array.len = 3;

    sl_script_job job;
    must(sl_script_job_init(&job, sizeof job), "sl_script_job_init");
    job.source = GREET;
    job.source_len = strlen(GREET);
    job.args = args;
    job.args_len = 2;
    job.context = (void *)GREET;
    must(sl_script_runner_enqueue(runner, &job, NULL), "enqueue greet");

    must(sl_script_job_init(&job, sizeof job), "sl_script_job_init");
    job.source = BROKEN;
    job.source_len = strlen(BROKEN);
    job.chunk_name = "@broken.lua"; /* what errors and tracebacks call it */
    must(sl_script_runner_enqueue(runner, &job, NULL), "enqueue broken");

    for (int waits = 0; tally.results < 2 && waits < 10; waits++) {
        must(sl_loop_run_once(loop, WAIT_MS, NULL), "sl_loop_run_once");
    }
    must(sl_script_runner_free(runner), "sl_script_runner_free");
    must(sl_loop_free(loop), "sl_loop_free");

    if (tally.results != 2 || tally.wrong != 0) {
        fprintf(stderr, "script_job: %u results, %u wrong\n", tally.results, tally.wrong);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
