/* The calls of test_misuse.c: every function that takes a handle, with arguments that are right. */
#ifndef MISUSE_CALLS_H
#define MISUSE_CALLS_H

#include "sl_host.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct call {
    const char *name;
    sl_status (*make)(void *handle);
    bool null_is_fine;
} call;

/* What no call that fails may change: where its results would go, and what was there before. */
static unsigned char out[256];
static unsigned char before[256];
static sl_timer_config timer_config = {.size = sizeof(sl_timer_config)};

static void *out_reset(void) {
    memset(before, 0xaa, sizeof before);
    return memcpy(out, before, sizeof out);
}

/* A struct with a size, otherwise as above. */
static void *sized_out(size_t size) {
    out_reset();
    memcpy(before, &size, sizeof size);
    return memcpy(out, before, sizeof out);
}

#define SIZED_OUT(type) ((type *)sized_out(sizeof(type)))

static void never_handles(void *userdata, const sl_action *action) {
    (void)userdata;
    SL_CHECK(action == NULL);
}

static void never_shown(void *userdata, const sl_loop_error *error) {
    (void)userdata;
    SL_CHECK(error == NULL);
}

static void never_called(void *userdata, const sl_callback_call *call) {
    (void)userdata;
    SL_CHECK(call == NULL);
}

static sl_status never_builds(void *userdata, void *target) {
    (void)userdata;
    SL_CHECK(target == NULL);
    return SL_STATUS_OK;
}

#define LOOP_CALL(name, arguments)                                                                 \
    static sl_status call_##name(void *handle) {                                                   \
        sl_loop *loop = (sl_loop *)handle;                                                         \
        return name arguments;                                                                     \
    }
LOOP_CALL(sl_loop_free, (loop))
LOOP_CALL(sl_loop_poll, (loop, 0, (uint32_t *)out_reset()))
LOOP_CALL(sl_loop_step, (loop, NULL, SIZED_OUT(sl_report)))
LOOP_CALL(sl_loop_run_once, (loop, UINT32_MAX, (uint32_t *)out_reset()))
LOOP_CALL(sl_loop_run, (loop))
LOOP_CALL(sl_loop_stop, (loop))
LOOP_CALL(sl_loop_wake, (loop))
LOOP_CALL(sl_loop_read_stats, (loop, SIZED_OUT(sl_loop_stats)))
LOOP_CALL(sl_loop_post, (loop, 100, host_never, NULL, host_never))
LOOP_CALL(sl_loop_post_copy, (loop, 5, host_never, "a", 1))
LOOP_CALL(sl_loop_schedule_timer,
          (loop, 0, 0, host_never, NULL, host_never, (sl_timer_id *)out_reset()))
LOOP_CALL(sl_loop_schedule_timer_with,
          (loop, &timer_config, host_never, NULL, host_never, (sl_timer_id *)out_reset()))
LOOP_CALL(sl_loop_cancel_timer, (loop, 1, (bool *)out_reset()))
LOOP_CALL(sl_loop_fd, (loop, (int32_t *)out_reset()))
LOOP_CALL(sl_loop_uv_loop, (loop, (void **)out_reset()))
LOOP_CALL(sl_loop_set_wake_hook, (loop, host_never, NULL, host_never))
LOOP_CALL(sl_loop_next_deadline, (loop, (uint64_t *)out_reset()))
LOOP_CALL(sl_loop_now, (loop, (uint64_t *)out_reset()))
LOOP_CALL(sl_loop_advance, (loop, 1))
LOOP_CALL(sl_loop_is_owner, (loop, (bool *)out_reset()))
LOOP_CALL(sl_loop_detach_thread, (loop))
LOOP_CALL(sl_loop_attach_thread, (loop))
LOOP_CALL(sl_loop_close, (loop))
LOOP_CALL(sl_loop_close_gracefully, (loop, UINT32_MAX))
LOOP_CALL(sl_loop_post_main, (loop, 5, host_never, NULL, host_never))
LOOP_CALL(sl_loop_drive_start, (loop, NULL))
LOOP_CALL(sl_loop_drive_stop, (loop))
LOOP_CALL(sl_loop_read_drive_stats, (loop, SIZED_OUT(sl_drive_stats)))
LOOP_CALL(sl_loop_report_error, (loop, "a", 1))
LOOP_CALL(sl_loop_drain_errors, (loop, never_shown, NULL, (uint32_t *)out_reset()))

#define CALL(name)                                                                                 \
    { #name, call_##name, false }

static const call loop_calls[] = {
    {"sl_loop_free", call_sl_loop_free, true},
    CALL(sl_loop_poll),
    CALL(sl_loop_step),
    CALL(sl_loop_run_once),
    CALL(sl_loop_run),
    CALL(sl_loop_stop),
    CALL(sl_loop_wake),
    CALL(sl_loop_read_stats),
    CALL(sl_loop_post),
    CALL(sl_loop_post_copy),
    CALL(sl_loop_schedule_timer),
    CALL(sl_loop_schedule_timer_with),
    CALL(sl_loop_cancel_timer),
    CALL(sl_loop_fd),
    CALL(sl_loop_uv_loop),
    CALL(sl_loop_set_wake_hook),
    CALL(sl_loop_next_deadline),
    CALL(sl_loop_now),
    CALL(sl_loop_advance),
    CALL(sl_loop_is_owner),
    CALL(sl_loop_detach_thread),
    CALL(sl_loop_attach_thread),
    CALL(sl_loop_close),
    CALL(sl_loop_close_gracefully),
    CALL(sl_loop_post_main),
    CALL(sl_loop_drive_start),
    CALL(sl_loop_drive_stop),
    CALL(sl_loop_read_drive_stats),
    CALL(sl_loop_report_error),
    CALL(sl_loop_drain_errors),
};

static sl_loop *a_loop;

#define QUEUE_CALL(name, arguments)                                                                \
    static sl_status call_##name(void *handle) {                                                   \
        sl_action_queue *queue = (sl_action_queue *)handle;                                        \
        return name arguments;                                                                     \
    }
QUEUE_CALL(sl_action_queue_free, (queue))
QUEUE_CALL(sl_action_queue_push, (queue, &(sl_action){.size = sizeof(sl_action), .kind = 1}))
QUEUE_CALL(sl_action_queue_try_pop, (queue, SIZED_OUT(sl_action)))
QUEUE_CALL(sl_action_queue_pop, (queue, SIZED_OUT(sl_action)))
QUEUE_CALL(sl_action_queue_pop_timeout, (queue, UINT32_MAX, SIZED_OUT(sl_action)))
QUEUE_CALL(sl_action_queue_drain, (queue, NULL, never_handles, NULL, SIZED_OUT(sl_report)))
QUEUE_CALL(sl_action_queue_attach, (queue, a_loop, 100, never_handles, NULL, host_never))
QUEUE_CALL(sl_action_queue_close, (queue))
QUEUE_CALL(sl_action_queue_read_stats, (queue, SIZED_OUT(sl_action_queue_stats)))

static const call queue_calls[] = {
    {"sl_action_queue_free", call_sl_action_queue_free, true},
    CALL(sl_action_queue_push),
    CALL(sl_action_queue_try_pop),
    CALL(sl_action_queue_pop),
    CALL(sl_action_queue_pop_timeout),
    CALL(sl_action_queue_drain),
    CALL(sl_action_queue_attach),
    CALL(sl_action_queue_close),
    CALL(sl_action_queue_read_stats),
};

static sl_status call_attach_to(void *handle) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_status status =
        sl_action_queue_attach(queue, (sl_loop *)handle, 100, never_handles, NULL, host_never);
    SL_CHECK_OK(sl_action_queue_free(queue));
    return status;
}

static const call attach_calls[] = {{"the loop of an attach", call_attach_to, false}};

#define CALLBACKS_CALL(name, arguments)                                                            \
    static sl_status call_##name(void *handle) {                                                   \
        sl_callbacks *callbacks = (sl_callbacks *)handle;                                          \
        return name arguments;                                                                     \
    }
CALLBACKS_CALL(sl_callbacks_close, (callbacks))
CALLBACKS_CALL(sl_callbacks_free, (callbacks))
CALLBACKS_CALL(sl_callbacks_set_loop, (callbacks, a_loop))
CALLBACKS_CALL(sl_callbacks_register,
               (callbacks, never_called, NULL, host_never, 0, (sl_callback_id *)out_reset()))
CALLBACKS_CALL(sl_callbacks_unregister, (callbacks, 1))
CALLBACKS_CALL(sl_callbacks_enqueue, (callbacks, 1, never_builds, NULL, host_never))
CALLBACKS_CALL(sl_callbacks_enqueue_value, (callbacks, 1, NULL))
CALLBACKS_CALL(sl_callbacks_dispatch, (callbacks, 0, (uint64_t *)out_reset()))
CALLBACKS_CALL(sl_callbacks_read_stats, (callbacks, SIZED_OUT(sl_callbacks_stats)))

static const call callbacks_calls[] = {
    CALL(sl_callbacks_close),         {"sl_callbacks_free", call_sl_callbacks_free, true},
    CALL(sl_callbacks_set_loop),      CALL(sl_callbacks_register),
    CALL(sl_callbacks_unregister),    CALL(sl_callbacks_enqueue),
    CALL(sl_callbacks_enqueue_value), CALL(sl_callbacks_dispatch),
    CALL(sl_callbacks_read_stats),
};

#define POOL_CALL(name, arguments)                                                                 \
    static sl_status call_##name(void *handle) {                                                   \
        sl_state_pool *pool = (sl_state_pool *)handle;                                             \
        return name arguments;                                                                     \
    }
POOL_CALL(sl_state_pool_free, (pool))
POOL_CALL(sl_state_pool_acquire, (pool, (void **)out_reset()))
POOL_CALL(sl_state_pool_try_acquire, (pool, (void **)out_reset()))
POOL_CALL(sl_state_pool_acquire_timeout, (pool, UINT32_MAX, (void **)out_reset()))
POOL_CALL(sl_state_pool_acquire_pinned, (pool, 1, UINT32_MAX, (void **)out_reset()))
POOL_CALL(sl_state_pool_unpin, (pool, 1))
POOL_CALL(sl_state_pool_release, (pool, out_reset()))
POOL_CALL(sl_state_pool_read_stats, (pool, SIZED_OUT(sl_state_pool_stats)))

static const call pool_calls[] = {
    {"sl_state_pool_free", call_sl_state_pool_free, true},
    CALL(sl_state_pool_acquire),
    CALL(sl_state_pool_try_acquire),
    CALL(sl_state_pool_acquire_timeout),
    CALL(sl_state_pool_acquire_pinned),
    CALL(sl_state_pool_unpin),
    CALL(sl_state_pool_release),
    CALL(sl_state_pool_read_stats),
};

static sl_script_job job = {.size = sizeof job, .source = "return", .source_len = 6};

#define RUNNER_CALL(name, arguments)                                                               \
    static sl_status call_##name(void *handle) {                                                   \
        sl_script_runner *runner = (sl_script_runner *)handle;                                     \
        return name arguments;                                                                     \
    }
RUNNER_CALL(sl_script_runner_free, (runner))
RUNNER_CALL(sl_script_runner_close, (runner))
RUNNER_CALL(sl_script_runner_close_gracefully, (runner, UINT32_MAX))
RUNNER_CALL(sl_script_runner_is_job_pending, (runner, 1, (bool *)out_reset()))
RUNNER_CALL(sl_script_runner_enqueue, (runner, &job, (sl_job_id *)out_reset()))
RUNNER_CALL(sl_script_runner_cancel, (runner, 1))
RUNNER_CALL(sl_script_runner_cancel_owner, (runner, 1, (uint64_t *)out_reset()))
RUNNER_CALL(sl_script_runner_cancel_all, (runner, (uint64_t *)out_reset()))
RUNNER_CALL(sl_script_runner_read_state, (runner, 0, SIZED_OUT(sl_script_state_stats)))
RUNNER_CALL(sl_script_runner_actions, (runner, (sl_action_queue **)out_reset()))
RUNNER_CALL(sl_script_runner_read_stats, (runner, SIZED_OUT(sl_script_runner_stats)))

static const call runner_calls[] = {
    {"sl_script_runner_free", call_sl_script_runner_free, true},
    CALL(sl_script_runner_close),
    CALL(sl_script_runner_close_gracefully),
    CALL(sl_script_runner_is_job_pending),
    CALL(sl_script_runner_enqueue),
    CALL(sl_script_runner_cancel),
    CALL(sl_script_runner_cancel_owner),
    CALL(sl_script_runner_cancel_all),
    CALL(sl_script_runner_read_state),
    CALL(sl_script_runner_actions),
    CALL(sl_script_runner_read_stats),
};

static void never_runs(void *userdata, sl_job *native) {
    (void)userdata;
    SL_CHECK(native == NULL);
}

static void never_shows(void *userdata, sl_job_result *result) {
    (void)userdata;
    SL_CHECK(result == NULL);
}

static sl_job_request request = {.size = sizeof request, .kind = "k", .kind_len = 1};

#define JOBS_CALL(name, arguments)                                                                 \
    static sl_status call_##name(void *handle) {                                                   \
        sl_jobs *jobs = (sl_jobs *)handle;                                                         \
        return name arguments;                                                                     \
    }
JOBS_CALL(sl_jobs_free, (jobs))
JOBS_CALL(sl_jobs_close, (jobs))
JOBS_CALL(sl_jobs_register, (jobs, "k", 1, never_runs, NULL, host_never))
JOBS_CALL(sl_jobs_register_builtins, (jobs))
JOBS_CALL(sl_jobs_submit, (jobs, &request, (sl_job_id *)out_reset()))
JOBS_CALL(sl_jobs_poll, (jobs, NULL, 0, never_shows, NULL, (uint64_t *)out_reset()))
JOBS_CALL(sl_jobs_cancel, (jobs, 1))
JOBS_CALL(sl_jobs_cancel_owner, (jobs, 1, (uint64_t *)out_reset()))
JOBS_CALL(sl_jobs_cancel_all, (jobs, (uint64_t *)out_reset()))
JOBS_CALL(sl_jobs_is_pending, (jobs, 1, (bool *)out_reset()))
JOBS_CALL(sl_jobs_read_stats, (jobs, SIZED_OUT(sl_jobs_stats)))

static const call jobs_calls[] = {
    {"sl_jobs_free", call_sl_jobs_free, true},
    CALL(sl_jobs_close),
    CALL(sl_jobs_register),
    CALL(sl_jobs_register_builtins),
    CALL(sl_jobs_submit),
    CALL(sl_jobs_poll),
    CALL(sl_jobs_cancel),
    CALL(sl_jobs_cancel_owner),
    CALL(sl_jobs_cancel_all),
    CALL(sl_jobs_is_pending),
    CALL(sl_jobs_read_stats),
};

static sl_status call_jobs_on(void *handle) {
    return sl_jobs_new((sl_script_runner *)handle, NULL, NULL, (sl_jobs **)out_reset());
}

static const call jobs_on_calls[] = {{"the runner of jobs", call_jobs_on, false}};

#endif /* MISUSE_CALLS_H */
