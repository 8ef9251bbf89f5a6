/* Loop under stress: no wake, post, timer or stop is lost, however the threads meet. */
#include "sl_host.h"

#include <poll.h>

enum { PRODUCERS = 4 };

typedef struct crowd {
    sl_loop *loop;
    pthread_barrier_t start;
    uint64_t rounds;
    atomic_uint_fast64_t sent;
    atomic_uint_fast64_t ran;
    atomic_uint_fast64_t dropped;
    atomic_uint_fast64_t cancelled;
    atomic_bool done;
} crowd;

static void start(crowd *shared, pthread_t *threads, unsigned count, void *(*body)(void *)) {
    host_barrier(&shared->start, count + 1);
    for (unsigned i = 0; i < count; ++i) {
        threads[i] = host_thread(body, shared);
    }
    pthread_barrier_wait(&shared->start);
}

static void join(pthread_t *threads, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        host_join(threads[i]);
    }
}

/* One token goes around: whoever wakes waits for the answer, so that each wake meets an owner that
 * sleeps, is about to, or has just woken. A lost one stops everything. */
typedef struct ping {
    sl_loop *mine;
    sl_loop *theirs;
    uint64_t rounds;
} ping;

static void *answers(void *argument) {
    ping *shared = (ping *)argument;
    SL_CHECK_OK(sl_loop_attach_thread(shared->theirs));
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        SL_CHECK_OK(sl_loop_run_once(shared->theirs, UINT32_MAX, NULL));
        SL_CHECK_OK(sl_loop_wake(shared->mine));
    }
    SL_CHECK_OK(sl_loop_detach_thread(shared->theirs));
    return NULL;
}

static void goes_around(uint32_t spin_us, uint64_t rounds) {
    sl_loop_config config = host_loop_config();
    ping shared = {.rounds = rounds};
    config.spin_us = spin_us;
    SL_CHECK_OK(sl_loop_new(&config, &shared.mine));
    SL_CHECK_OK(sl_loop_new(&config, &shared.theirs));
    SL_CHECK_OK(sl_loop_detach_thread(shared.theirs));
    pthread_t thread = host_thread(answers, &shared);
    for (uint64_t round = 0; round < rounds; ++round) {
        SL_CHECK_OK(sl_loop_wake(shared.theirs));
        SL_CHECK_OK(sl_loop_run_once(shared.mine, UINT32_MAX, NULL));
    }
    host_join(thread);
    SL_CHECK_EQ(host_stats(shared.mine).wakes, rounds);
    SL_CHECK_EQ(host_stats(shared.theirs).wakes, rounds);
    SL_CHECK_OK(sl_loop_attach_thread(shared.theirs));
    SL_CHECK_OK(sl_loop_free(shared.theirs));
    SL_CHECK_OK(sl_loop_free(shared.mine));
}

SL_TEST(no_wake_is_lost_between_two_that_sleep) {
    goes_around(0, 500000);
}

SL_TEST(no_wake_is_lost_between_two_that_spin) {
    goes_around(50, 500000);
}

static void *posts_and_awaits(void *argument) {
    crowd *shared = (crowd *)argument;
    pthread_barrier_wait(&shared->start);
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        atomic_uint_fast64_t mine = 0;
        uint32_t priority = round % 3 == 0 ? SL_PRIORITY_HIGH : SL_PRIORITY_NORMAL;
        SL_CHECK_OK(sl_loop_post(shared->loop, priority, host_nothing, &mine, host_count));
        atomic_fetch_add(&shared->sent, 1);
        while (atomic_load(&mine) == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* Each producer waits for its post before the next: the owner falls asleep all the time. */
SL_TEST(no_post_of_four_producers_is_lost_on_a_sleeping_owner) {
    crowd shared = {.loop = host_loop(), .rounds = 100000};
    pthread_t threads[PRODUCERS];
    uint64_t ran = 0;
    start(&shared, threads, PRODUCERS, posts_and_awaits);
    while (ran < PRODUCERS * shared.rounds) {
        uint32_t dispatched = 0;
        SL_CHECK_OK(sl_loop_run_once(shared.loop, UINT32_MAX, &dispatched));
        ran += dispatched;
    }
    join(threads, PRODUCERS);
    SL_CHECK_EQ(host_poll(shared.loop), 0u);
    SL_CHECK_EQ(host_stats(shared.loop).posts_run, PRODUCERS * shared.rounds);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

static void *posts_all(void *argument) {
    crowd *shared = (crowd *)argument;
    pthread_barrier_wait(&shared->start);
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        uint32_t priority = round % 8 == 0 ? (uint32_t)round : SL_PRIORITY_NORMAL;
        SL_CHECK_OK(sl_loop_post(shared->loop, priority, host_count, &shared->ran, host_nothing));
        if (round % 16 == 0) {
            SL_CHECK_OK(sl_loop_wake(shared->loop));
        }
    }
    return NULL;
}

SL_TEST(statistics_add_up_while_four_producers_post_a_million) {
    crowd shared = {.loop = host_loop(), .rounds = 250000};
    pthread_t threads[PRODUCERS];
    sl_loop_stats last = {.size = sizeof last};
    uint64_t polls = 0;
    start(&shared, threads, PRODUCERS, posts_all);
    while (atomic_load(&shared.ran) < PRODUCERS * shared.rounds) {
        SL_CHECK_OK(sl_loop_run_once(shared.loop, UINT32_MAX, NULL));
        if (++polls % 64 == 0) {
            sl_loop_stats now = host_stats(shared.loop);
            SL_CHECK(now.posts_accepted >= last.posts_accepted);
            SL_CHECK_EQ(now.posts_run, atomic_load(&shared.ran));
            last = now;
        }
    }
    join(threads, PRODUCERS);
    SL_CHECK_EQ(host_stats(shared.loop).posts_accepted, PRODUCERS * shared.rounds);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

static void *posts_what_fits(void *argument) {
    crowd *shared = (crowd *)argument;
    pthread_barrier_wait(&shared->start);
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        sl_status status =
            sl_loop_post(shared->loop, round % 2 == 0 ? 100 : 7, host_count, &shared->ran, NULL);
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_FULL);
        atomic_fetch_add(status == SL_STATUS_OK ? &shared->sent : &shared->dropped, 1);
    }
    atomic_fetch_add(&shared->cancelled, 1);
    SL_CHECK_OK(sl_loop_wake(shared->loop));
    return NULL;
}

SL_TEST(a_bound_holds_under_four_producers) {
    enum { CAPACITY = 50 };
    sl_loop_config config = host_loop_config();
    crowd shared = {.rounds = 100000};
    pthread_t threads[PRODUCERS];
    config.post_capacity = CAPACITY;
    SL_CHECK_OK(sl_loop_new(&config, &shared.loop));
    start(&shared, threads, PRODUCERS, posts_what_fits);
    while (atomic_load(&shared.cancelled) < PRODUCERS) {
        SL_CHECK_OK(sl_loop_run_once(shared.loop, UINT32_MAX, NULL));
        SL_CHECK(host_stats(shared.loop).posts_pending <= 2 * CAPACITY);
    }
    join(threads, PRODUCERS);
    host_poll(shared.loop);
    sl_loop_stats stats = host_stats(shared.loop);
    SL_CHECK_EQ(stats.posts_run, atomic_load(&shared.sent));
    SL_CHECK_EQ(atomic_load(&shared.ran), atomic_load(&shared.sent));
    SL_CHECK_EQ(stats.posts_refused, atomic_load(&shared.dropped));
    SL_CHECK_EQ(stats.posts_refused + stats.posts_accepted, PRODUCERS * shared.rounds);
    SL_CHECK(stats.posts_high_water <= 2 * CAPACITY);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

static void *stops(void *argument) {
    crowd *shared = (crowd *)argument;
    pthread_barrier_wait(&shared->start);
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        while (atomic_load(&shared->sent) == round) {
            sched_yield();
        }
        SL_CHECK_OK(sl_loop_stop(shared->loop));
        /* The next stop is for the next run. */
        while (atomic_load(&shared->ran) == round) {
            sched_yield();
        }
    }
    return NULL;
}

/* Mistake: a stop flag that is set without the lock that the waiter holds. */
SL_TEST(run_and_stop_meet_a_hundred_thousand_times) {
    crowd shared = {.loop = host_loop(), .rounds = 100000};
    pthread_t thread;
    start(&shared, &thread, 1, stops);
    for (uint64_t round = 0; round < shared.rounds; ++round) {
        atomic_fetch_add(&shared.sent, 1);
        SL_CHECK_OK(sl_loop_run(shared.loop));
        atomic_fetch_add(&shared.ran, 1);
    }
    join(&thread, 1);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

enum { TIMERS = 200 };

static atomic_uint_fast64_t timer_ids[TIMERS];

static void *cancels(void *argument) {
    crowd *shared = (crowd *)argument;
    uint64_t seed = (uint64_t)(uintptr_t)&seed;
    pthread_barrier_wait(&shared->start);
    while (!atomic_load(&shared->done)) {
        sl_timer_id id = atomic_load(&timer_ids[host_random(&seed) % TIMERS]);
        if (host_cancel(shared->loop, id)) {
            atomic_fetch_add(&shared->cancelled, 1);
        }
    }
    return NULL;
}

SL_TEST(timers_that_are_due_are_cancelled_or_run_and_never_both) {
    crowd shared = {.loop = host_virtual_loop()};
    pthread_t threads[PRODUCERS];
    uint64_t scheduled = 0;
    start(&shared, threads, PRODUCERS, cancels);
    for (uint64_t round = 0; round < 1000; ++round) {
        for (int i = 0; i < TIMERS; ++i) {
            sl_timer_id id = 0;
            SL_CHECK_OK(sl_loop_schedule_timer(shared.loop, (uint64_t)i % 3, 0, host_count,
                                               &shared.ran, NULL, &id));
            atomic_store(&timer_ids[i], id);
            ++scheduled;
        }
        SL_CHECK_OK(sl_loop_advance(shared.loop, 2 * HOST_MS));
        host_poll(shared.loop);
        SL_CHECK_EQ(host_stats(shared.loop).timers_active, 0);
    }
    atomic_store(&shared.done, true);
    join(threads, PRODUCERS);
    sl_loop_stats stats = host_stats(shared.loop);
    SL_CHECK_EQ(atomic_load(&shared.ran) + atomic_load(&shared.cancelled), scheduled);
    SL_CHECK_EQ(stats.timers_fired, atomic_load(&shared.ran));
    SL_CHECK_EQ(stats.timers_cancelled, atomic_load(&shared.cancelled));
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

static void *repeats_and_cancels(void *argument) {
    crowd *shared = (crowd *)argument;
    pthread_barrier_wait(&shared->start);
    for (uint64_t round = 0; round < shared->rounds; ++round) {
        sl_timer_id id = 0;
        sl_timer_config config = {.size = sizeof config, .delay_us = 1, .repeat_us = 1};
        SL_CHECK_OK(sl_loop_schedule_timer_with(shared->loop, &config, host_nothing,
                                                &shared->dropped, host_count, &id));
        if (round % 4 == 0) {
            sched_yield();
        }
        SL_CHECK(host_cancel(shared->loop, id));
        SL_CHECK(!host_cancel(shared->loop, id));
    }
    atomic_fetch_add(&shared->cancelled, 1);
    SL_CHECK_OK(sl_loop_wake(shared->loop));
    return NULL;
}

SL_TEST(repeating_timers_are_cancelled_by_others_while_they_run) {
    crowd shared = {.loop = host_loop(), .rounds = 20000};
    pthread_t threads[PRODUCERS];
    start(&shared, threads, PRODUCERS, repeats_and_cancels);
    while (atomic_load(&shared.cancelled) < PRODUCERS) {
        SL_CHECK_OK(sl_loop_run_once(shared.loop, UINT32_MAX, NULL));
    }
    join(threads, PRODUCERS);
    SL_CHECK_EQ(host_poll(shared.loop), 0u);
    SL_CHECK_EQ(atomic_load(&shared.dropped), PRODUCERS * shared.rounds);
    SL_CHECK_EQ(host_stats(shared.loop).timers_active, 0);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

SL_TEST(no_edge_of_the_descriptor_is_lost_under_four_producers) {
    crowd shared = {.loop = host_loop(), .rounds = 25000};
    pthread_t threads[PRODUCERS];
    struct pollfd entry = {.events = POLLIN};
    uint64_t ran = 0;
    SL_CHECK_OK(sl_loop_fd(shared.loop, &entry.fd));
    start(&shared, threads, PRODUCERS, posts_and_awaits);
    while (ran < PRODUCERS * shared.rounds) {
        uint32_t dispatched = 0;
        SL_CHECK_EQ(poll(&entry, 1, -1), 1);
        SL_CHECK_OK(sl_loop_poll(shared.loop, 1, &dispatched));
        ran += dispatched;
    }
    join(threads, PRODUCERS);
    SL_CHECK_OK(sl_loop_free(shared.loop));
}
