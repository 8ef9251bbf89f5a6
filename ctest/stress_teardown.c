/* Loops that end while other threads use them: late callers get a status, and nothing is lost. */
#include "sl_host.h"

enum { THREADS = 64, LOOPS = 200, WORKING_SET = 4 };

typedef struct teardown {
    _Atomic(sl_loop *) loop;
    pthread_barrier_t start;
    atomic_bool done;
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t ended; /* drops: after a run, or without one */
    atomic_uint_fast64_t ran;
    atomic_uint_fast64_t calls;
} teardown;

static bool is_late(sl_status status) {
    SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_STALE_HANDLE);
    return status != SL_STATUS_OK;
}

static teardown shared;

static void ends(void *userdata) {
    SL_CHECK_EQ(userdata, &shared);
    atomic_fetch_add(&shared.ended, 1);
}

static void runs(void *userdata) {
    SL_CHECK_EQ(userdata, &shared);
    atomic_fetch_add(&shared.ran, 1);
}

static void one_call(uint64_t *seed) {
    sl_loop *loop = atomic_load(&shared.loop);
    sl_status status = SL_STATUS_OK;
    sl_loop_stats stats = {.size = sizeof stats};
    bool taken = false;
    uint64_t now = 0;
    switch (host_random(seed) % 10) {
    case 0:
        (void)is_late(sl_loop_wake(loop));
        break;
    case 1:
        (void)is_late(sl_loop_stop(loop));
        break;
    case 2:
        (void)is_late(sl_loop_read_stats(loop, &stats));
        break;
    case 3:
        (void)is_late(sl_loop_now(loop, &now));
        break;
    case 4:
        (void)is_late(sl_loop_cancel_timer(loop, host_random(seed), NULL));
        break;
    case 5:
        status = sl_loop_attach_thread(loop);
        SL_CHECK(status == SL_STATUS_WRONG_THREAD || status == SL_STATUS_STALE_HANDLE);
        break;
    case 6:
        taken = !is_late(
            sl_loop_schedule_timer(loop, host_random(seed) % 2, 0, runs, &shared, ends, NULL));
        break;
    case 7:
        taken = !is_late(sl_loop_post(loop, (uint32_t)host_random(seed), runs, &shared, ends));
        break;
    default:
        taken = !is_late(sl_loop_post(loop, SL_PRIORITY_NORMAL, runs, &shared, ends));
        break;
    }
    atomic_fetch_add(&shared.accepted, taken ? 1 : 0);
    atomic_fetch_add(&shared.calls, 1);
}

static void *uses_what_is_there(void *argument) {
    uint64_t seed = (uint64_t)(uintptr_t)argument;
    pthread_barrier_wait(&shared.start);
    while (!atomic_load(&shared.done)) {
        one_call(&seed);
    }
    return NULL;
}

SL_TEST(sixty_four_threads_use_loops_that_end_under_them) {
    pthread_t threads[THREADS];
    host_barrier(&shared.start, THREADS + 1);
    atomic_store(&shared.loop, host_loop());
    for (uintptr_t i = 0; i < THREADS; ++i) {
        threads[i] = host_thread(uses_what_is_there, (void *)(i + 1));
    }
    pthread_barrier_wait(&shared.start);
    for (int round = 0; round < LOOPS; ++round) {
        sl_loop *old = atomic_load(&shared.loop);
        uint64_t calls = atomic_load(&shared.calls);
        do {
            SL_CHECK_OK(sl_loop_poll(old, 1, NULL));
        } while (atomic_load(&shared.calls) < calls + 200);
        if (round % 2 == 0) {
            sl_loop *next = host_loop();
            atomic_store(&shared.loop, next);
            SL_CHECK_OK(sl_loop_free(old));
        } else {
            SL_CHECK_OK(sl_loop_free(old));
            atomic_store(&shared.loop, host_loop());
        }
        SL_CHECK_STATUS(sl_loop_free(old), SL_STATUS_STALE_HANDLE);
    }
    atomic_store(&shared.done, true);
    for (int i = 0; i < THREADS; ++i) {
        host_join(threads[i]);
    }
    SL_CHECK_OK(sl_loop_free(atomic_load(&shared.loop)));
    SL_CHECK(atomic_load(&shared.accepted) > 0);
    SL_CHECK_EQ(atomic_load(&shared.accepted), atomic_load(&shared.ended));
    SL_CHECK(atomic_load(&shared.ran) <= atomic_load(&shared.ended));
}

SL_TEST(a_hundred_thousand_loops_are_made_and_freed) {
    atomic_uint_fast64_t dropped = 0;
    sl_loop *loops[WORKING_SET] = {NULL};
    for (int i = 0; i < 100000; ++i) {
        sl_loop **place = &loops[i % WORKING_SET];
        SL_CHECK_OK(sl_loop_free(*place));
        *place = host_loop();
        SL_CHECK_OK(sl_loop_post(*place, 100, host_never, &dropped, host_count));
        SL_CHECK_OK(sl_loop_schedule_timer(*place, 1, 0, host_never, &dropped, host_count, NULL));
    }
    for (int i = 0; i < WORKING_SET; ++i) {
        SL_CHECK_OK(sl_loop_free(loops[i]));
    }
    SL_CHECK_EQ(atomic_load(&dropped), 200000);
}

static void *makes_and_frees(void *argument) {
    pthread_barrier_wait((pthread_barrier_t *)argument);
    for (int i = 0; i < 5000; ++i) {
        sl_loop *loop = host_loop();
        host_item item = {.letter = 'a'};
        host_post(loop, 100, &item);
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_EQ(item.drops, 1u);
        SL_CHECK_OK(sl_loop_free(loop));
        SL_CHECK_STATUS(sl_loop_wake(loop), SL_STATUS_STALE_HANDLE);
    }
    return NULL;
}

SL_TEST(eight_threads_make_and_free_loops_of_their_own) {
    pthread_barrier_t start;
    pthread_t threads[8];
    host_barrier(&start, 8);
    for (int i = 0; i < 8; ++i) {
        threads[i] = host_thread(makes_and_frees, &start);
    }
    for (int i = 0; i < 8; ++i) {
        host_join(threads[i]);
    }
}

typedef struct relay {
    _Atomic(sl_loop *) loop;
    pthread_barrier_t start;
    atomic_bool done;
    atomic_uint_fast64_t freed;
} relay;

/* Takes the loop whenever nobody owns it, and gives it back or frees it. */
static void *takes_and_ends(void *argument) {
    relay *race = (relay *)argument;
    uint64_t seed = (uint64_t)(uintptr_t)&seed;
    pthread_barrier_wait(&race->start);
    while (!atomic_load(&race->done)) {
        sl_loop *loop = atomic_load(&race->loop);
        sl_status status = sl_loop_attach_thread(loop);
        if (status != SL_STATUS_OK) {
            SL_CHECK(status == SL_STATUS_WRONG_THREAD || status == SL_STATUS_STALE_HANDLE);
            sched_yield();
            continue;
        }
        SL_CHECK_OK(sl_loop_poll(loop, 1, NULL));
        if (host_random(&seed) % 4 != 0) {
            SL_CHECK_OK(sl_loop_detach_thread(loop));
            continue;
        }
        SL_CHECK_OK(sl_loop_free(loop));
        atomic_fetch_add(&race->freed, 1);
        sl_loop *next = host_loop();
        SL_CHECK_OK(sl_loop_detach_thread(next));
        atomic_store(&race->loop, next);
    }
    return NULL;
}

SL_TEST(threads_take_a_loop_from_each_other_while_it_ends) {
    relay race = {.freed = 0};
    pthread_t threads[4];
    atomic_store(&race.loop, host_loop());
    SL_CHECK_OK(sl_loop_detach_thread(atomic_load(&race.loop)));
    host_barrier(&race.start, 4);
    for (int i = 0; i < 4; ++i) {
        threads[i] = host_thread(takes_and_ends, &race);
    }
    while (atomic_load(&race.freed) < 20000) {
        (void)sl_loop_wake(atomic_load(&race.loop));
        sched_yield();
    }
    atomic_store(&race.done, true);
    for (int i = 0; i < 4; ++i) {
        host_join(threads[i]);
    }
    SL_CHECK_OK(sl_loop_attach_thread(atomic_load(&race.loop)));
    SL_CHECK_OK(sl_loop_free(atomic_load(&race.loop)));
}
