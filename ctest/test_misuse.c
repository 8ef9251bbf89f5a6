/*
 * Every function that takes a handle, with every wrong handle: NULL, numbers that never were one,
 * the address of a host's variable, what was freed, and what is alive but of another noun.
 */
#include "nouns_test.h"

static void null_is_refused(const call *calls, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        gives(&calls[i], NULL, calls[i].null_is_fine ? SL_STATUS_OK : SL_STATUS_NULL_ARGUMENT);
    }
}

SL_TEST(null_is_refused_by_all_and_freed_by_free) {
    a_loop = host_loop();
    null_is_refused(loop_calls, COUNT(loop_calls));
    null_is_refused(queue_calls, COUNT(queue_calls));
    null_is_refused(attach_calls, COUNT(attach_calls));
    null_is_refused(pool_calls, COUNT(pool_calls));
    null_is_refused(runner_calls, COUNT(runner_calls));
    null_is_refused(callbacks_calls, COUNT(callbacks_calls));
    null_is_refused(jobs_calls, COUNT(jobs_calls));
    null_is_refused(jobs_on_calls, COUNT(jobs_on_calls));
    SL_CHECK_OK(sl_loop_free(a_loop));
}

SL_TEST(a_pointer_of_the_hosts_is_no_handle) {
    uint64_t variable = UINT64_MAX;
    char *allocated = (char *)malloc(64);
    a_loop = host_loop();
    is_stale(&variable);
    is_stale(&a_loop);
    is_stale(allocated);
    is_stale((void *)(uintptr_t)sl_loop_free);
    free(allocated);
    SL_CHECK_EQ(variable, UINT64_MAX);
    SL_CHECK_OK(sl_loop_free(a_loop));
}

SL_TEST(a_number_is_no_handle) {
    const uint64_t numbers[] = {1,
                                3,
                                5,
                                7,
                                9,
                                11,
                                13,
                                2,
                                0xff,
                                0x101,
                                0xffffffff,
                                UINT64_MAX,
                                INT64_MAX,
                                UINT64_C(1) << 63,
                                UINT64_C(0xffffff03),
                                UINT64_C(0x1ffffff03),
                                UINT64_MAX - 2};
    for (int alive = 0; alive < 2; ++alive) {
        a_loop = host_loop();
        for (size_t i = 0; i < COUNT(numbers); ++i) {
            is_stale((void *)(uintptr_t)numbers[i]);
        }
        uint64_t seed = 11;
        for (int i = 0; i < 2000; ++i) {
            uintptr_t number = (uintptr_t)host_random(&seed);
            if (number >> 32 > 1000) { /* no slot has been used so often */
                is_stale((void *)number);
            }
        }
        SL_CHECK_OK(sl_loop_free(a_loop));
    }
}

SL_TEST(a_handle_of_another_noun_is_of_the_wrong_kind) {
    all one = all_new();
    a_loop = one.loop;
    void *handles[] = {one.loop,
                       one.queue,
                       one.pool,
                       one.runner,
                       one.jobs,
                       one.callbacks,
                       (void *)(uintptr_t)one.action.ticket};
    const struct {
        const call *calls;
        size_t len;
        size_t own;
    } nouns[] = {
        {loop_calls, COUNT(loop_calls), 0},     {attach_calls, COUNT(attach_calls), 0},
        {queue_calls, COUNT(queue_calls), 1},   {pool_calls, COUNT(pool_calls), 2},
        {runner_calls, COUNT(runner_calls), 3}, {jobs_on_calls, COUNT(jobs_on_calls), 3},
        {jobs_calls, COUNT(jobs_calls), 4},     {callbacks_calls, COUNT(callbacks_calls), 5},
    };
    for (size_t noun = 0; noun < COUNT(nouns); ++noun) {
        for (size_t i = 0; i < COUNT(handles); ++i) {
            if (i != nouns[noun].own) {
                all_give(nouns[noun].calls, nouns[noun].len, handles[i], SL_STATUS_WRONG_KIND);
            }
        }
    }
    SL_CHECK_EQ(host_stats(one.loop).polls, 0);
    SL_CHECK_EQ(host_queue_stats(one.queue).accepted, 1);
    sl_jobs_stats jobs_stats = {.size = sizeof jobs_stats};
    SL_CHECK_OK(sl_jobs_read_stats(one.jobs, &jobs_stats));
    SL_CHECK_EQ(jobs_stats.accepted, 0);
    all_free(&one);
}

SL_TEST(what_was_freed_is_stale_for_every_noun_and_stays_so) {
    all one = all_new();
    void *handles[] = {one.loop,
                       one.queue,
                       one.pool,
                       one.runner,
                       one.jobs,
                       one.callbacks,
                       (void *)(uintptr_t)one.action.ticket};
    all_free(&one);
    a_loop = host_loop();
    for (size_t i = 0; i < COUNT(handles); ++i) {
        is_stale(handles[i]);
    }
    all next = all_new();
    for (size_t i = 0; i < COUNT(handles); ++i) {
        is_stale(handles[i]);
    }
    SL_CHECK_EQ(host_stats(next.loop).posts_accepted, 0);
    all_free(&next);
    SL_CHECK_OK(sl_loop_free(a_loop));
}

static void *misuses(void *argument) {
    void *handle = argument;
    for (size_t i = 0; i < COUNT(queue_calls); ++i) {
        SL_CHECK_STATUS(queue_calls[i].make(handle), SL_STATUS_WRONG_KIND);
    }
    return NULL;
}

SL_TEST(another_thread_gets_the_same_statuses) {
    a_loop = host_loop();
    host_join(host_thread(misuses, a_loop));
    SL_CHECK_OK(sl_loop_free(a_loop));
}

static sl_jobs *some_jobs;

/* Nothing of this changes what is there, writes a result or takes the payload. */
static void submit_is_refused(const sl_job_request *wrong, sl_status expected) {
    sl_job_id id = 77;
    SL_CHECK_STATUS(sl_jobs_submit(some_jobs, wrong, &id), expected);
    SL_CHECK_EQ(id, 77);
    sl_jobs_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_jobs_read_stats(some_jobs, &stats));
    SL_CHECK_EQ(stats.accepted, 0);
}

static void poll_is_refused(const sl_job_filter *wrong, sl_status expected) {
    uint64_t count = 77;
    SL_CHECK_STATUS(sl_jobs_poll(some_jobs, wrong, 0, never_shows, NULL, &count), expected);
    SL_CHECK_EQ(count, 77);
}

static void submits_are_refused(void) {
    static const char kind[4097];
    sl_native_payload payload = {.drop = host_never};
    sl_job_request good = request;
    good.native = &payload;
    sl_job_request wrong = good;
    submit_is_refused(NULL, SL_STATUS_NULL_ARGUMENT);
    wrong.size = 0;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
    wrong.size = sizeof wrong + 1;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
    wrong = good;
    wrong.kind = NULL;
    submit_is_refused(&wrong, SL_STATUS_NULL_ARGUMENT);
    wrong = good;
    wrong.kind_len = 0;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
    wrong.kind = kind;
    wrong.kind_len = sizeof kind;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
    wrong = good;
    wrong.payload_len = 1;
    submit_is_refused(&wrong, SL_STATUS_NULL_ARGUMENT);
    wrong.payload = "x";
    wrong.payload_len = SIZE_MAX;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
    wrong = good;
    wrong.reserved = 1;
    submit_is_refused(&wrong, SL_STATUS_INVALID_ARGUMENT);
}

static void polls_are_refused(void) {
    uint64_t count = 77;
    SL_CHECK_STATUS(sl_jobs_poll(some_jobs, NULL, 0, NULL, NULL, &count), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(count, 77);
    sl_job_filter filter = {.size = 8};
    poll_is_refused(&filter, SL_STATUS_INVALID_ARGUMENT);
    filter.size = sizeof filter + 8;
    poll_is_refused(&filter, SL_STATUS_INVALID_ARGUMENT);
    filter = (sl_job_filter){.size = sizeof filter, .kind_len = 1};
    poll_is_refused(&filter, SL_STATUS_NULL_ARGUMENT);
    filter = (sl_job_filter){.size = sizeof filter, .kind = "k"};
    poll_is_refused(&filter, SL_STATUS_INVALID_ARGUMENT);
    filter = (sl_job_filter){.size = sizeof filter, .reserved = 1};
    poll_is_refused(&filter, SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(structs_of_jobs_that_are_wrong_change_nothing) {
    all one = all_new();
    some_jobs = one.jobs;
    submits_are_refused();
    polls_are_refused();
    sl_jobs *none = NULL;
    sl_jobs_config config = {.size = 8};
    SL_CHECK_STATUS(sl_jobs_new(one.runner, NULL, &config, &none), SL_STATUS_INVALID_ARGUMENT);
    config = (sl_jobs_config){.size = sizeof config, .reserved = 1};
    SL_CHECK_STATUS(sl_jobs_new(one.runner, NULL, &config, &none), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_new(one.runner, NULL, NULL, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_new(one.runner, (sl_loop *)one.queue, NULL, &none),
                    SL_STATUS_WRONG_KIND);
    SL_CHECK_STATUS(sl_jobs_register(some_jobs, NULL, 1, never_runs, NULL, host_never),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_register(some_jobs, "", 0, never_runs, NULL, host_never),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_is_pending(some_jobs, 1, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_read_stats(some_jobs, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_jobs_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_job_request_init(NULL, sizeof request), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(none, NULL);
    all_free(&one);
}
