/* Action queues under stress: each action is taken or dropped once, whatever ends meanwhile. */
#include "sl_host.h"

enum { PUSHERS = 4 };

typedef struct traffic {
    _Atomic(sl_action_queue *) queue;
    pthread_barrier_t start;
    uint64_t rounds;
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t taken;
    atomic_uint_fast64_t finished;
    uint64_t last[PUSHERS];
    bool ordered;
} traffic;

typedef struct pusher {
    traffic *shared;
    uint64_t number;
} pusher;

static void start(traffic *shared, pusher *pushers, pthread_t *threads, void *(*body)(void *)) {
    host_barrier(&shared->start, PUSHERS + 1);
    for (uint64_t i = 0; i < PUSHERS; ++i) {
        pushers[i] = (pusher){shared, i};
        threads[i] = host_thread(body, &pushers[i]);
    }
    pthread_barrier_wait(&shared->start);
}

static void join(pthread_t *threads, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        host_join(threads[i]);
    }
}

static void takes(void *userdata, const sl_action *action) {
    traffic *shared = (traffic *)userdata;
    SL_CHECK_EQ(action->message_len, action->id % 40);
    SL_CHECK_EQ(strlen(action->message), action->message_len);
    if (shared->ordered) {
        SL_CHECK(action->id > shared->last[action->owner]);
        shared->last[action->owner] = action->id;
    }
    atomic_fetch_add(&shared->taken, 1);
}

static sl_status pushes_one(pusher *me, uint64_t id) {
    static const char text[] = "0123456789012345678901234567890123456789";
    sl_action action = host_action(id);
    action.owner = me->number;
    action.message = text + 40 - id % 40;
    action.message_len = id % 40;
    return sl_action_queue_push(atomic_load(&me->shared->queue), &action);
}

static void *pushes_all(void *argument) {
    pusher *me = (pusher *)argument;
    pthread_barrier_wait(&me->shared->start);
    for (uint64_t id = 1; id <= me->shared->rounds; ++id) {
        sl_status status = pushes_one(me, id);
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_FULL);
        atomic_fetch_add(status == SL_STATUS_OK ? &me->shared->accepted : &me->shared->refused, 1);
    }
    atomic_fetch_add(&me->shared->finished, 1);
    return NULL;
}

/* Takes in all ways until nothing more comes; the queue is closed by then. */
static void takes_all(traffic *shared) {
    sl_action_queue *queue = atomic_load(&shared->queue);
    sl_step budget = host_step();
    uint64_t turn = 0;
    budget.max_items = 5;
    for (;;) {
        sl_action action = {.size = sizeof action};
        sl_status status = SL_STATUS_OK;
        if (++turn % 4 == 0) {
            SL_CHECK_OK(sl_action_queue_drain(queue, &budget, takes, shared, NULL));
            continue;
        }
        status = turn % 4 == 1   ? sl_action_queue_pop(queue, &action)
                 : turn % 4 == 2 ? sl_action_queue_try_pop(queue, &action)
                                 : sl_action_queue_pop_timeout(queue, 1, &action);
        if (status == SL_STATUS_CLOSED) {
            return;
        }
        if (status == SL_STATUS_OK) {
            takes(shared, &action);
            SL_CHECK_OK(sl_action_free(&action));
        } else {
            SL_CHECK(status == SL_STATUS_EMPTY || status == SL_STATUS_TIMEOUT);
        }
    }
}

static void *takes_in_a_thread(void *argument) {
    takes_all((traffic *)argument);
    return NULL;
}

static void closes_when_all_pushed(traffic *shared, pthread_t *threads) {
    join(threads, PUSHERS);
    SL_CHECK_OK(sl_action_queue_close(atomic_load(&shared->queue)));
}

static void flows(uint32_t capacity, uint32_t when_full, unsigned takers, uint64_t rounds) {
    traffic shared = {.rounds = rounds, .ordered = takers == 1};
    pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    pthread_t taking[4];
    atomic_store(&shared.queue, host_queue(capacity, when_full, UINT32_MAX));
    for (unsigned i = 0; i < takers; ++i) {
        taking[i] = host_thread(takes_in_a_thread, &shared);
    }
    start(&shared, pushers, threads, pushes_all);
    closes_when_all_pushed(&shared, threads);
    join(taking, takers);
    sl_action_queue_stats stats = host_queue_stats(atomic_load(&shared.queue));
    SL_CHECK_EQ(stats.accepted, atomic_load(&shared.accepted));
    SL_CHECK_EQ(stats.delivered, atomic_load(&shared.taken));
    SL_CHECK_EQ(stats.refused, atomic_load(&shared.refused));
    SL_CHECK_EQ(stats.accepted + stats.refused, PUSHERS * rounds);
    SL_CHECK_EQ(stats.pending, 0);
    SL_CHECK(capacity == 0 || stats.high_water <= capacity);
    SL_CHECK(when_full == SL_WHEN_FULL_DROP_OLDEST || stats.dropped == 0);
    SL_CHECK_OK(sl_action_queue_free(atomic_load(&shared.queue)));
}

SL_TEST(four_threads_push_and_one_takes_in_order) {
    flows(0, SL_WHEN_FULL_REFUSE, 1, 100000);
}

SL_TEST(four_threads_push_and_four_take) {
    flows(0, SL_WHEN_FULL_REFUSE, 4, 50000);
}

SL_TEST(a_small_queue_refuses_and_counts_under_stress) {
    flows(8, SL_WHEN_FULL_REFUSE, 2, 100000);
}

SL_TEST(a_small_queue_blocks_and_loses_nothing) {
    flows(4, SL_WHEN_FULL_BLOCK, 1, 25000);
    flows(4, SL_WHEN_FULL_BLOCK, 4, 25000);
}

SL_TEST(a_small_queue_drops_the_oldest_and_counts) {
    flows(16, SL_WHEN_FULL_DROP_OLDEST, 1, 50000);
    flows(16, SL_WHEN_FULL_DROP_OLDEST, 4, 50000);
}

/* Mistake: a registry that only grows. */
SL_TEST(a_million_actions_leave_no_handle) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    for (uint64_t id = 0; id < 1000000; ++id) {
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(host_push(queue, id));
        SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
        SL_CHECK_EQ(action.id, id);
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_EQ(sl_live_handles(), 1);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void *pushes_until_it_ends(void *argument) {
    pusher *me = (pusher *)argument;
    sl_status status = SL_STATUS_OK;
    for (uint64_t round = 0; round < me->shared->rounds; ++round) {
        pthread_barrier_wait(&me->shared->start);
        for (uint64_t id = 1; id < 8; ++id) {
            status = pushes_one(me, id);
            SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_STALE_HANDLE ||
                     status == SL_STATUS_CLOSED);
        }
        pthread_barrier_wait(&me->shared->start);
    }
    return NULL;
}

SL_TEST(ten_thousand_queues_end_with_unread_actions_while_others_push) {
    traffic shared = {.rounds = 10000, .ordered = false};
    pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    host_barrier(&shared.start, PUSHERS + 1);
    for (uint64_t i = 0; i < PUSHERS; ++i) {
        pushers[i] = (pusher){&shared, i};
        threads[i] = host_thread(pushes_until_it_ends, &pushers[i]);
    }
    for (uint64_t round = 0; round < shared.rounds; ++round) {
        uint32_t policy =
            (uint32_t)(round % 2 == 0 ? SL_WHEN_FULL_BLOCK : SL_WHEN_FULL_DROP_OLDEST);
        sl_action_queue *queue = host_queue(round % 4 < 2 ? 0 : 3, policy, UINT32_MAX);
        atomic_store(&shared.queue, queue);
        pthread_barrier_wait(&shared.start);
        for (uint64_t i = round % 5; i > 0; --i) {
            sl_action action = {.size = sizeof action};
            sl_status status = sl_action_queue_try_pop(queue, &action);
            SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_EMPTY);
            SL_CHECK_OK(sl_action_free(&action));
        }
        SL_CHECK_OK(sl_action_queue_free(queue));
        SL_CHECK_STATUS(sl_action_queue_free(queue), SL_STATUS_STALE_HANDLE);
        pthread_barrier_wait(&shared.start);
    }
    join(threads, PUSHERS);
}

static void *frees_too(void *argument) {
    pusher *me = (pusher *)argument;
    for (uint64_t round = 0; round < me->shared->rounds; ++round) {
        pthread_barrier_wait(&me->shared->start);
        sl_status status = sl_action_queue_free(atomic_load(&me->shared->queue));
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_STALE_HANDLE);
        atomic_fetch_add(&me->shared->finished, status == SL_STATUS_OK ? 1 : 0);
        pthread_barrier_wait(&me->shared->start);
    }
    return NULL;
}

SL_TEST(of_many_threads_that_free_a_queue_one_does) {
    traffic shared = {.rounds = 10000, .ordered = false};
    pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    host_barrier(&shared.start, PUSHERS + 1);
    for (uint64_t i = 0; i < PUSHERS; ++i) {
        pushers[i] = (pusher){&shared, i};
        threads[i] = host_thread(frees_too, &pushers[i]);
    }
    for (uint64_t round = 1; round <= shared.rounds; ++round) {
        sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
        SL_CHECK_OK(host_push(queue, 1));
        atomic_store(&shared.queue, queue);
        pthread_barrier_wait(&shared.start);
        pthread_barrier_wait(&shared.start);
        SL_CHECK_EQ(atomic_load(&shared.finished), round);
    }
    join(threads, PUSHERS);
}

SL_TEST(an_attached_queue_loses_nothing_on_a_sleeping_owner) {
    const uint32_t priorities[] = {SL_PRIORITY_NORMAL, SL_PRIORITY_LOW};
    for (int which = 0; which < 2; ++which) {
        traffic shared = {.rounds = 50000, .ordered = true};
        pusher pushers[PUSHERS];
        pthread_t threads[PUSHERS];
        sl_loop *loop = host_loop();
        sl_action_queue *queue = host_queue(64, SL_WHEN_FULL_BLOCK, UINT32_MAX);
        atomic_store(&shared.queue, queue);
        SL_CHECK_OK(sl_action_queue_attach(queue, loop, priorities[which], takes, &shared, NULL));
        start(&shared, pushers, threads, pushes_all);
        while (atomic_load(&shared.taken) < PUSHERS * shared.rounds) {
            SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
        }
        join(threads, PUSHERS);
        SL_CHECK_EQ(host_stats(loop).actions_run, PUSHERS * shared.rounds);
        SL_CHECK_EQ(host_queue_stats(queue).delivered, PUSHERS * shared.rounds);
        SL_CHECK_EQ(host_poll(loop), 0u);
        SL_CHECK_OK(sl_action_queue_free(queue));
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
