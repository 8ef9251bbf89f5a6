/*
 * Every function that takes a handle, with every wrong handle: NULL, numbers that never were one,
 * the address of a host's variable, what was freed, and what is alive but of another noun.
 */
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
LOOP_CALL(sl_loop_next_deadline, (loop, (uint64_t *)out_reset()))
LOOP_CALL(sl_loop_now, (loop, (uint64_t *)out_reset()))
LOOP_CALL(sl_loop_advance, (loop, 1))
LOOP_CALL(sl_loop_is_owner, (loop, (bool *)out_reset()))
LOOP_CALL(sl_loop_detach_thread, (loop))
LOOP_CALL(sl_loop_attach_thread, (loop))

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
    CALL(sl_loop_next_deadline),
    CALL(sl_loop_now),
    CALL(sl_loop_advance),
    CALL(sl_loop_is_owner),
    CALL(sl_loop_detach_thread),
    CALL(sl_loop_attach_thread),
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
RUNNER_CALL(sl_script_runner_enqueue, (runner, &job, (sl_job_id *)out_reset()))
RUNNER_CALL(sl_script_runner_actions, (runner, (sl_action_queue **)out_reset()))
RUNNER_CALL(sl_script_runner_read_stats, (runner, SIZED_OUT(sl_script_runner_stats)))

static const call runner_calls[] = {
    {"sl_script_runner_free", call_sl_script_runner_free, true},
    CALL(sl_script_runner_enqueue),
    CALL(sl_script_runner_actions),
    CALL(sl_script_runner_read_stats),
};

static void gives(const call *call, void *handle, sl_status expected) {
    out_reset();
    sl_status status = call->make(handle);
    if (status != expected) {
        sl_test_fail(__FILE__, __LINE__, "%s(%p) gave %d (%s), not %d", call->name, handle,
                     (int)status, sl_status_text(status), (int)expected);
    }
    SL_CHECK_EQ(memcmp(out, before, sizeof out), 0);
}

static void all_give(const call *calls, size_t len, void *handle, sl_status expected) {
    for (size_t i = 0; i < len; ++i) {
        gives(&calls[i], handle, expected);
    }
}

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
    SL_CHECK_OK(sl_loop_free(a_loop));
}

static void is_stale(void *handle) {
    all_give(loop_calls, COUNT(loop_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(queue_calls, COUNT(queue_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(attach_calls, COUNT(attach_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(pool_calls, COUNT(pool_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(runner_calls, COUNT(runner_calls), handle, SL_STATUS_STALE_HANDLE);
    all_give(callbacks_calls, COUNT(callbacks_calls), handle, SL_STATUS_STALE_HANDLE);
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

static sl_status creates(void *userdata, void **out_state) {
    *out_state = userdata;
    return SL_STATUS_OK;
}

static void destroys(void *userdata, void *state) {
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
} all;

static all all_new(void) {
    all one = {.loop = host_loop(), .queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0)};
    sl_script_runner_config config;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &one.runner));
    SL_CHECK_OK(sl_state_pool_new(1, creates, destroys, out, NULL, &one.pool));
    SL_CHECK_OK(sl_callbacks_new(one.loop, NULL, &one.callbacks));
    one.action.size = sizeof one.action;
    SL_CHECK_OK(host_push(one.queue, 1));
    SL_CHECK_OK(sl_action_queue_try_pop(one.queue, &one.action));
    return one;
}

static void all_free(all *one) {
    SL_CHECK_OK(sl_action_free(&one->action));
    SL_CHECK_OK(sl_callbacks_free(one->callbacks));
    SL_CHECK_OK(sl_script_runner_free(one->runner));
    SL_CHECK_OK(sl_state_pool_free(one->pool));
    SL_CHECK_OK(sl_action_queue_free(one->queue));
    SL_CHECK_OK(sl_loop_free(one->loop));
}

SL_TEST(a_handle_of_another_noun_is_of_the_wrong_kind) {
    all one = all_new();
    a_loop = one.loop;
    void *handles[] = {one.loop,   one.queue,     one.pool,
                       one.runner, one.callbacks, (void *)(uintptr_t)one.action.ticket};
    const struct {
        const call *calls;
        size_t len;
        size_t own;
    } nouns[] = {
        {loop_calls, COUNT(loop_calls), 0},     {attach_calls, COUNT(attach_calls), 0},
        {queue_calls, COUNT(queue_calls), 1},   {pool_calls, COUNT(pool_calls), 2},
        {runner_calls, COUNT(runner_calls), 3}, {callbacks_calls, COUNT(callbacks_calls), 4},
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
    all_free(&one);
}

SL_TEST(what_was_freed_is_stale_for_every_noun_and_stays_so) {
    all one = all_new();
    void *handles[] = {one.loop,   one.queue,     one.pool,
                       one.runner, one.callbacks, (void *)(uintptr_t)one.action.ticket};
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
