/*
 * native_job: a buffer goes to a worker, is worked on there, and comes back without a copy.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/native_job.c -o target/native_job \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/native_job
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.native_job --output-on-failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

enum { SAMPLES = 1 << 16, WAIT_MS = 5000 };

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* On a worker: makes every sample half as loud, where it is. */
static void quieten(void *userdata, sl_job *job) {
    (void)userdata;
    int16_t *samples = job->native->data;
    size_t count = job->native->data_size / sizeof *samples;
    int16_t peak = 0;
    for (size_t i = 0; i < count; ++i) {
        samples[i] /= 2;
        peak = samples[i] > peak ? samples[i] : peak;
    }
    must(sl_job_return_aux(job, 0, peak), "the peak");
}

/* On the main thread: has the buffer again. */
static void receive(void *userdata, sl_job_result *result) {
    sl_native_payload *sound = userdata;
    if (!result->ok) {
        fprintf(stderr, "job %llu: %s\n", (unsigned long long)result->id, result->error);
        exit(EXIT_FAILURE);
    }
    must(sl_job_result_take_payload(result, sound), "take the payload");
    printf("job %llu took %llu us, the peak is %lld\n", (unsigned long long)result->id,
           (unsigned long long)(result->run_ns / 1000), (long long)result->aux[0]);
}

int main(void) {
    sl_loop *loop;
    sl_script_runner *runner;
    sl_jobs *jobs;
    must(sl_loop_new(NULL, &loop), "a loop");
    must(sl_script_runner_new(NULL, NULL, &runner), "a runner");
    must(sl_jobs_new(runner, loop, NULL, &jobs), "jobs"); /* a result wakes the loop */
    must(sl_jobs_register(jobs, "quieten", 7, quieten, NULL, NULL), "a handler");

    int16_t *samples = calloc(SAMPLES, sizeof *samples);
    if (samples == NULL) {
        return EXIT_FAILURE;
    }
    samples[100] = 30000;
    sl_native_payload sound = {.data = samples,
                               .data_size = SAMPLES * sizeof *samples,
                               .alignment = sizeof *samples,
                               .element_size = sizeof *samples,
                               .userdata = samples,
                               .drop = free};
    sl_job_request request;
    must(sl_job_request_init(&request, sizeof request), "a request");
    request.kind = "quieten";
    request.kind_len = strlen(request.kind);
    request.native = &sound;
    must(sl_jobs_submit(jobs, &request, NULL), "a job"); /* the buffer is the library's now */

    uint64_t received = 0;
    while (received == 0) {
        must(sl_jobs_poll(jobs, NULL, 0, receive, &sound, &received), "a poll");
        if (received == 0) {
            must(sl_loop_run_once(loop, WAIT_MS, NULL), "the wait");
        }
    }
    bool is_right = sound.data == samples && samples[100] == 15000;
    sound.drop(sound.userdata);
    must(sl_jobs_free(jobs), "free the jobs");
    must(sl_script_runner_free(runner), "free the runner");
    must(sl_loop_free(loop), "free the loop");
    return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
