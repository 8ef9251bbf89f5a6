/*
 * hundred_jobs: a hundred scripts at once; their results reach the frame, two ms at a time.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/hundred_jobs.c -o target/hundred_jobs \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/hundred_jobs
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.hundred_jobs --output-on-failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

enum { JOBS = 100, WORKERS_MAX = 4, STEPS_MAX = 1000 };

static const char *const COLLATZ = "local n, steps = ..., 0\n"
                                   "while n ~= 1 do\n"
                                   "  n = n % 2 == 0 and n // 2 or 3 * n + 1\n"
                                   "  steps = steps + 1\n"
                                   "end\n"
                                   "return steps";

/* One per job; its address is the job's context and comes back with the result. */
struct question {
    int64_t start;
    int64_t steps;
    uint32_t answers;
    uint32_t worker;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* The same sum in C, to check what the scripts say. */
static int64_t collatz(int64_t n) {
    int64_t steps = 0;
    for (; n != 1; steps++) {
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    }
    return steps;
}

static void on_answer(void *userdata, const sl_action *action) {
    uint32_t *answered = userdata;
    struct question *question = action->context;
    const sl_script_result *result = action->result;

    if (action->success && result->values_len == 1 &&
        result->values[0].kind == SL_VALUE_KIND_INTEGER) {
        question->steps = result->values[0].as.integer;
    }
    question->worker = result->worker;
    question->answers++;
    (*answered)++;
}

static void ask(sl_script_runner *runner, struct question *question) {
    sl_value start = {.kind = SL_VALUE_KIND_INTEGER};
    start.as.integer = question->start;

    sl_script_job job;
    must(sl_script_job_init(&job, sizeof job), "sl_script_job_init");
    job.source = COLLATZ;
    job.source_len = strlen(COLLATZ);
    job.args = &start;
    job.args_len = 1;
    job.context = question;
    must(sl_script_runner_enqueue(runner, &job, NULL), "sl_script_runner_enqueue");
}

int main(void) {
    sl_loop *loop = NULL;
    must(sl_loop_new(NULL, &loop), "sl_loop_new");

    sl_script_runner_config config;
    must(sl_script_runner_config_init(&config, sizeof config), "sl_script_runner_config_init");
    config.workers = WORKERS_MAX;
    sl_script_runner *runner = NULL;
    sl_action_queue *actions = NULL;
    uint32_t answered = 0;
    must(sl_script_runner_new(loop, &config, &runner), "sl_script_runner_new");
    must(sl_script_runner_actions(runner, &actions), "sl_script_runner_actions");
    must(sl_action_queue_attach(actions, loop, SL_PRIORITY_NORMAL, on_answer, &answered, NULL),
         "sl_action_queue_attach");

    struct question questions[JOBS] = {{0}};
    for (uint32_t i = 0; i < JOBS; i++) {
        questions[i] = (struct question){.start = 27 + 1000 * (int64_t)i, .steps = -1};
        ask(runner, &questions[i]);
    }

    sl_step step;
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = 2000;    /* what a frame can spare for results */
    step.max_wait_us = 1000000; /* an engine waits until its next frame instead */
    for (uint32_t steps = 0; answered < JOBS && steps < STEPS_MAX; steps++) {
        must(sl_loop_step(loop, &step, NULL), "sl_loop_step");
    }
    must(sl_script_runner_free(runner), "sl_script_runner_free");
    must(sl_loop_free(loop), "sl_loop_free");

    uint32_t wrong = 0;
    uint32_t by_worker[WORKERS_MAX] = {0};
    for (uint32_t i = 0; i < JOBS; i++) {
        const struct question *question = &questions[i];
        wrong += question->answers != 1 || question->steps != collatz(question->start);
        by_worker[question->worker % WORKERS_MAX]++;
    }
    printf("%u answers, %u wrong; by worker: %u %u %u %u\n", answered, wrong, by_worker[0],
           by_worker[1], by_worker[2], by_worker[3]);
    return answered == JOBS && wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
