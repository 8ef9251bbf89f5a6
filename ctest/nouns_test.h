/* One object of each noun, and what all functions say to a handle that is none of theirs. */
#ifndef NOUNS_TEST_H
#define NOUNS_TEST_H

#include "misuse_calls.h"

static inline void gives(const call *call, void *handle, sl_status expected) {
    out_reset();
    sl_status status = call->make(handle);
    if (status != expected) {
        sl_test_fail(__FILE__, __LINE__, "%s(%p) gave %d (%s), not %d", call->name, handle,
                     (int)status, sl_status_text(status), (int)expected);
    }
    SL_CHECK_EQ(memcmp(out, before, sizeof out), 0);
}

static inline void all_give(const call *calls, size_t len, void *handle, sl_status expected) {
    for (size_t i = 0; i < len; ++i) {
        gives(&calls[i], handle, expected);
    }
}

static inline void is_stale(void *handle) {
    all_give(loop_calls, COUNT(loop_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(queue_calls, COUNT(queue_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(attach_calls, COUNT(attach_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(pool_calls, COUNT(pool_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(runner_calls, COUNT(runner_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(callbacks_calls, COUNT(callbacks_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(jobs_calls, COUNT(jobs_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(jobs_on_calls, COUNT(jobs_on_calls), handle, SL_STATUS_STALE_HANDLE);
}

static inline sl_status creates(void *userdata, void **out_state) {
    *out_state = userdata;
    return SL_STATUS_OK;
}

static inline void destroys(void *userdata, void *state) {
    SL_CHECK_EQ(userdata, state);
}

/* One of each, alive: what a loop is not, what a queue is not, and so on. */
typedef struct all {
    sl_loop *loop;
    sl_action_queue *queue;
    sl_state_pool *pool;
    sl_script_runner *runner;
    sl_callbacks *callbacks;
    sl_action action;
    sl_jobs *jobs;
} all;

static inline all all_new(void) {
    all one = {.loop = host_loop(), .queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0)};
    sl_script_runner_config config;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &one.runner));
    SL_CHECK_OK(sl_jobs_new(one.runner, NULL, NULL, &one.jobs));
    SL_CHECK_OK(sl_state_pool_new(1, creates, destroys, out, NULL, &one.pool));
    SL_CHECK_OK(sl_callbacks_new(one.loop, NULL, &one.callbacks));
    one.action.size = sizeof one.action;
    SL_CHECK_OK(host_push(one.queue, 1));
    SL_CHECK_OK(sl_action_queue_try_pop(one.queue, &one.action));
    return one;
}

static inline void all_free(all *one) {
    SL_CHECK_OK(sl_action_free(&one->action));
    SL_CHECK_OK(sl_callbacks_free(one->callbacks));
    SL_CHECK_OK(sl_jobs_free(one->jobs));
    SL_CHECK_OK(sl_script_runner_free(one->runner));
    SL_CHECK_OK(sl_state_pool_free(one->pool));
    SL_CHECK_OK(sl_action_queue_free(one->queue));
    SL_CHECK_OK(sl_loop_free(one->loop));
}

#endif /* NOUNS_TEST_H */
