/* Action queue: threads that wait for an action or for room, and what releases them. */
#include "sl_host.h"

typedef struct waiter {
    sl_action_queue *queue;
    sl_status expected;
    uint64_t id;
    atomic_bool began;
} waiter;

static void *pops(void *argument) {
    waiter *me = (waiter *)argument;
    sl_action action = {.size = sizeof action};
    atomic_store(&me->began, true);
    SL_CHECK_STATUS(sl_action_queue_pop(me->queue, &action), me->expected);
    me->id = action.id;
    SL_CHECK_OK(sl_action_free(&action));
    return NULL;
}

static void *pops_with_timeout(void *argument) {
    waiter *me = (waiter *)argument;
    sl_action action = {.size = sizeof action};
    atomic_store(&me->began, true);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(me->queue, 3600000, &action), me->expected);
    me->id = action.id;
    SL_CHECK_OK(sl_action_free(&action));
    return NULL;
}

static void *pushes(void *argument) {
    waiter *me = (waiter *)argument;
    atomic_store(&me->began, true);
    SL_CHECK_STATUS(host_push(me->queue, me->id), me->expected);
    return NULL;
}

enum { WAITERS = 4 };

/* Starts threads that wait, or are about to: what comes next must reach them either way. */
static void start(waiter *waiters, pthread_t *threads, void *(*body)(void *)) {
    for (int i = 0; i < WAITERS; ++i) {
        threads[i] = host_thread(body, &waiters[i]);
        while (!atomic_load(&waiters[i].began)) {
            sched_yield();
        }
    }
}

SL_TEST(blocked_pops_get_what_is_pushed_each_one_of_it) {
    for (int round = 0; round < 100; ++round) {
        sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
        waiter waiters[WAITERS] = {{.queue = NULL}};
        pthread_t threads[WAITERS];
        uint64_t sum = 0;
        for (int i = 0; i < WAITERS; ++i) {
            waiters[i].queue = queue;
        }
        start(waiters, threads, round % 2 == 0 ? pops : pops_with_timeout);
        for (uint64_t id = 1; id <= WAITERS; ++id) {
            SL_CHECK_OK(host_push(queue, id));
        }
        for (int i = 0; i < WAITERS; ++i) {
            host_join(threads[i]);
            sum += waiters[i].id;
        }
        SL_CHECK_EQ(sum, 1u + 2 + 3 + 4);
        SL_CHECK_EQ(host_queue_stats(queue).delivered, (uint64_t)WAITERS);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

SL_TEST(close_releases_every_blocked_pop) {
    for (int round = 0; round < 50; ++round) {
        sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
        waiter waiters[WAITERS] = {{.queue = NULL}};
        pthread_t threads[WAITERS];
        for (int i = 0; i < WAITERS; ++i) {
            waiters[i] = (waiter){.queue = queue, .expected = SL_STATUS_CLOSED};
        }
        start(waiters, threads, round % 2 == 0 ? pops : pops_with_timeout);
        SL_CHECK_OK(sl_action_queue_close(queue));
        for (int i = 0; i < WAITERS; ++i) {
            host_join(threads[i]);
        }
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

static void *pops_until_freed(void *argument) {
    waiter *me = (waiter *)argument;
    sl_action action = {.size = sizeof action};
    atomic_store(&me->began, true);
    sl_status status = sl_action_queue_pop(me->queue, &action);
    /* It was in the call, or came too late for it. */
    SL_CHECK(status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE);
    return NULL;
}

SL_TEST(free_releases_every_blocked_pop) {
    for (int round = 0; round < 50; ++round) {
        sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
        waiter waiters[WAITERS] = {{.queue = NULL}};
        pthread_t threads[WAITERS];
        for (int i = 0; i < WAITERS; ++i) {
            waiters[i].queue = queue;
        }
        start(waiters, threads, pops_until_freed);
        SL_CHECK_OK(sl_action_queue_free(queue));
        for (int i = 0; i < WAITERS; ++i) {
            host_join(threads[i]);
        }
    }
}

SL_TEST(blocked_pushes_get_room_in_turn) {
    sl_action_queue *queue = host_queue(2, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    waiter waiters[WAITERS] = {{.queue = NULL}};
    pthread_t threads[WAITERS];
    uint64_t sum = 0;
    SL_CHECK_OK(host_push(queue, 100));
    SL_CHECK_OK(host_push(queue, 200));
    for (uint64_t i = 0; i < WAITERS; ++i) {
        waiters[i] = (waiter){.queue = queue, .id = i + 1};
    }
    start(waiters, threads, pushes);
    for (int i = 0; i < WAITERS + 2; ++i) {
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(sl_action_queue_pop(queue, &action));
        sum += action.id;
        SL_CHECK(host_queue_stats(queue).pending <= 2);
        SL_CHECK_OK(sl_action_free(&action));
    }
    for (int i = 0; i < WAITERS; ++i) {
        host_join(threads[i]);
    }
    SL_CHECK_EQ(sum, 300u + 1 + 2 + 3 + 4);
    sl_action_queue_stats stats = host_queue_stats(queue);
    SL_CHECK_EQ(stats.accepted, (uint64_t)WAITERS + 2);
    SL_CHECK_EQ(stats.refused, 0);
    SL_CHECK_EQ(stats.high_water, 2);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(a_blocked_push_times_out_and_counts) {
    sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, 1);
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_STATUS(host_push(queue, 2), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(host_push(queue, 3), SL_STATUS_TIMEOUT);
    SL_CHECK_EQ(host_queue_stats(queue).refused, 2);
    SL_CHECK_EQ(host_queue_stats(queue).pending, 1);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(close_releases_every_blocked_push) {
    for (int round = 0; round < 50; ++round) {
        sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
        waiter waiters[WAITERS] = {{.queue = NULL}};
        pthread_t threads[WAITERS];
        SL_CHECK_OK(host_push(queue, 1));
        for (int i = 0; i < WAITERS; ++i) {
            waiters[i] = (waiter){.queue = queue, .expected = SL_STATUS_CLOSED};
        }
        start(waiters, threads, pushes);
        SL_CHECK_OK(sl_action_queue_close(queue));
        for (int i = 0; i < WAITERS; ++i) {
            host_join(threads[i]);
        }
        SL_CHECK_EQ(host_queue_stats(queue).accepted, 1);
        SL_CHECK_EQ(host_pop(queue), 1);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

static void *pushes_until_freed(void *argument) {
    waiter *me = (waiter *)argument;
    atomic_store(&me->began, true);
    sl_status status = host_push(me->queue, 7);
    SL_CHECK(status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE);
    return NULL;
}

SL_TEST(free_releases_every_blocked_push) {
    for (int round = 0; round < 50; ++round) {
        sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
        waiter waiters[WAITERS] = {{.queue = NULL}};
        pthread_t threads[WAITERS];
        SL_CHECK_OK(host_push(queue, 1));
        for (int i = 0; i < WAITERS; ++i) {
            waiters[i].queue = queue;
        }
        start(waiters, threads, pushes_until_freed);
        SL_CHECK_OK(sl_action_queue_free(queue));
        for (int i = 0; i < WAITERS; ++i) {
            host_join(threads[i]);
        }
    }
}

static void fills_it(void *userdata, const sl_action *action) {
    sl_action_queue *queue = (sl_action_queue *)userdata;
    (void)action;
    SL_CHECK_OK(host_push(queue, 5));
    SL_CHECK_STATUS(host_push(queue, 6), SL_STATUS_WOULD_DEADLOCK);
}

SL_TEST(the_thread_that_takes_never_waits_for_itself) {
    sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_EQ(host_pop(queue), 1);
    SL_CHECK_OK(host_push(queue, 2));
    SL_CHECK_STATUS(host_push(queue, 3), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_EQ(host_queue_stats(queue).refused, 1);
    SL_CHECK_OK(sl_action_queue_drain(queue, NULL, fills_it, queue, NULL));
    SL_CHECK_EQ(host_pop(queue), 5);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void never_runs(void *userdata, const sl_action *action) {
    (void)userdata;
    SL_CHECK(action == NULL);
}

SL_TEST(the_owner_of_an_attached_loop_never_waits_for_itself) {
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    SL_CHECK_OK(sl_action_queue_attach(queue, loop, 100, never_runs, NULL, NULL));
    SL_CHECK_OK(host_push(queue, 2));
    SL_CHECK_STATUS(host_push(queue, 3), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}
