/*
 * Drive and close under many threads. Deterministic seeds: the threads' own, 1 and up.
 */
#include "drive_test.h"

enum { TOGGLES = 50000, CLOSES = 1000, ACTORS = 4 };

typedef struct toggler {
    sl_loop *loop;
    pthread_barrier_t *begin;
    atomic_uint_fast64_t *ran;
    atomic_uint_fast64_t *posted;
} toggler;

static void *toggle(void *userdata) {
    toggler *toggler = userdata;
    pthread_barrier_wait(toggler->begin);
    for (int i = 0; i < TOGGLES; ++i) {
        SL_CHECK_OK(sl_loop_drive_start(toggler->loop, NULL));
        if (i % 8 == 0) {
            SL_CHECK_OK(
                sl_loop_post(toggler->loop, SL_PRIORITY_NORMAL, host_count, toggler->ran, NULL));
            atomic_fetch_add(toggler->posted, 1);
        }
        SL_CHECK_OK(sl_loop_drive_stop(toggler->loop));
    }
    return NULL;
}

/* Two threads start and stop it 10^5 times together; nobody owns the loop meanwhile. */
SL_TEST(it_is_started_and_stopped_from_two_threads) {
    sl_loop *loop = host_loop();
    pthread_barrier_t begin;
    atomic_uint_fast64_t ran = 0, posted = 0;
    toggler toggler = {loop, &begin, &ran, &posted};
    pthread_t threads[2];
    host_barrier(&begin, 2);
    SL_CHECK_OK(sl_loop_detach_thread(loop));
    for (int i = 0; i < 2; ++i) {
        threads[i] = host_thread(toggle, &toggler);
    }
    for (int i = 0; i < 2; ++i) {
        host_join(threads[i]);
    }
    SL_CHECK_EQ(drive_stats(loop).is_on, 0u);
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    host_poll(loop);
    SL_CHECK_EQ(atomic_load(&ran), atomic_load(&posted));
    SL_CHECK_EQ(host_stats(loop).posts_run, atomic_load(&posted));
    SL_CHECK_OK(sl_loop_free(loop));
}

/* The owner starts, polls and stops while another thread stops and posts. */
static void *stop_and_post(void *userdata) {
    toggler *toggler = userdata;
    pthread_barrier_wait(toggler->begin);
    for (int i = 0; i < TOGGLES / 5; ++i) {
        SL_CHECK_OK(
            sl_loop_post(toggler->loop, SL_PRIORITY_NORMAL, host_count, toggler->ran, NULL));
        SL_CHECK_OK(sl_loop_post_main(toggler->loop, 1, host_count, toggler->ran, NULL));
        SL_CHECK_OK(sl_loop_drive_stop(toggler->loop));
    }
    return NULL;
}

SL_TEST(an_owner_that_polls_starts_what_another_thread_stops) {
    sl_loop *loop = host_loop();
    pthread_barrier_t begin;
    atomic_uint_fast64_t ran = 0, posted = 0;
    toggler toggler = {loop, &begin, &ran, &posted};
    host_barrier(&begin, 2);
    pthread_t stopper = host_thread(stop_and_post, &toggler);
    pthread_barrier_wait(&begin);
    for (int i = 0; i < TOGGLES / 5; ++i) {
        SL_CHECK_OK(sl_loop_drive_start(loop, NULL));
        host_poll(loop);
    }
    host_join(stopper);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    while (host_poll(loop) != 0) {
    }
    SL_CHECK_EQ(atomic_load(&ran), (uint64_t)TOGGLES / 5 * 2);
    SL_CHECK_OK(sl_loop_free(loop));
}

/* One round of closing while everybody uses the loop. */
typedef struct round {
    sl_loop *loop;
    pthread_barrier_t begin;
    atomic_uint_fast64_t ran, dropped, accepted;
    atomic_uint next_seed;
} round_t;

static void ran_one(void *userdata) {
    atomic_fetch_add(&((round_t *)userdata)->ran, 1);
}

static void dropped_one(void *userdata) {
    atomic_fetch_add(&((round_t *)userdata)->dropped, 1);
}

static void act(round_t *round, uint64_t choice) {
    sl_timer_id id = 0;
    sl_status status = SL_STATUS_OK;
    switch (choice % 12) {
    case 0:
        SL_CHECK_OK(sl_loop_wake(round->loop));
        return;
    case 1:
        SL_CHECK_OK(sl_loop_drive_stop(round->loop));
        return;
    case 2:
        sl_loop_drive_start(round->loop, NULL);
        return; /* also WRONG_THREAD and CLOSED */
    case 3:
        SL_CHECK_OK(sl_loop_close(round->loop));
        return;
    case 4:
        status = sl_loop_close_gracefully(round->loop, 0);
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_TIMEOUT);
        return;
    case 5:
    case 6:
        status = sl_loop_schedule_timer(round->loop, choice >> 8 & 1, 0, ran_one, round,
                                        dropped_one, &id);
        if (status == SL_STATUS_OK && (choice >> 9 & 1) != 0) {
            SL_CHECK_OK(sl_loop_cancel_timer(round->loop, id, NULL));
        }
        break;
    case 7:
        status = sl_loop_post_main(round->loop, SL_PRIORITY_NORMAL, ran_one, round, dropped_one);
        break;
    default:
        status = sl_loop_post(round->loop, (uint32_t)(choice >> 8 & 1) * 100, ran_one, round,
                              dropped_one);
    }
    SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_CLOSED);
    atomic_fetch_add(&round->accepted, status == SL_STATUS_OK);
}

static void *use(void *userdata) {
    round_t *round = userdata;
    uint64_t state = atomic_fetch_add(&round->next_seed, 1);
    pthread_barrier_wait(&round->begin);
    for (int i = 0; i < 12; ++i) {
        act(round, host_random(&state));
    }
    return NULL;
}

static void poll_while_it_closes(round_t *round, uint64_t *state) {
    sl_status status = SL_STATUS_OK;
    while (status != SL_STATUS_CLOSED) {
        switch (host_random(state) % 4) {
        case 0:
            sl_loop_drive_start(round->loop, NULL);
            break;
        case 1:
            SL_CHECK_OK(sl_loop_drive_stop(round->loop));
            break;
        case 2:
            status = sl_loop_run_once(round->loop, 1, NULL);
            break;
        default:
            status = sl_loop_poll(round->loop, 1, NULL);
        }
    }
}

SL_TEST(a_loop_is_closed_while_all_use_it) {
    uint64_t state = 1;
    for (unsigned number = 0; number < CLOSES; ++number) {
        round_t round = {.loop = host_loop(), .next_seed = number * ACTORS + 1};
        pthread_t threads[ACTORS];
        host_barrier(&round.begin, ACTORS + 1);
        for (int i = 0; i < ACTORS; ++i) {
            threads[i] = host_thread(use, &round);
        }
        pthread_barrier_wait(&round.begin);
        for (int i = 0; i < 8; ++i) {
            act(&round, host_random(&state));
        }
        if (number % 2 == 0) {
            SL_CHECK_OK(sl_loop_close(round.loop));
        } else {
            sl_status status = sl_loop_close_gracefully(round.loop, UINT32_MAX);
            SL_CHECK_OK(status);
        }
        poll_while_it_closes(&round, &state);
        for (int i = 0; i < ACTORS; ++i) {
            host_join(threads[i]);
        }
        SL_CHECK_OK(sl_loop_drive_stop(round.loop));
        SL_CHECK_EQ(host_stats(round.loop).posts_pending, 0u);
        SL_CHECK_EQ(host_stats(round.loop).timers_active, 0u);
        SL_CHECK_OK(sl_loop_free(round.loop));
        SL_CHECK_EQ(atomic_load(&round.dropped), atomic_load(&round.accepted));
    }
}
