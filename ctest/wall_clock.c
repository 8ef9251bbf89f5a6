/*
 * Timeouts by the wall clock: while threads wait, it jumps by ten days, forth and back. It is
 * libfaketime that makes it jump, for this process alone; cmake/WallClock.cmake loads it. Mistake:
 * to wait until a time of the wall clock. Such a wait ends at once, or in ten days.
 */
#include "sl_host.h"

#include <sys/syscall.h>
#include <time.h>

enum { DAYS = 10, WAIT_MS = 40 };

static atomic_uint jumps;
static atomic_bool ends;

/* What the kernel says: nobody comes between. */
static int64_t true_time(clockid_t clock) {
    struct timespec now;
    SL_CHECK_EQ(syscall(SYS_clock_gettime, clock, &now), 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How many days the wall clock is ahead. */
static int64_t days_ahead(void) {
    struct timespec now;
    SL_CHECK_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
    int64_t seconds = (int64_t)now.tv_sec - true_time(CLOCK_REALTIME) / 1000000000;
    return (seconds + (seconds < 0 ? -3600 : 3600)) / 86400;
}

/* libfaketime reads the file each time that it is asked: it must be whole at every moment. */
static void jump(int days) {
    const char *path = getenv("FAKETIME_TIMESTAMP_FILE");
    char next[4096];
    SL_CHECK(path != NULL);
    SL_CHECK(snprintf(next, sizeof next, "%s.next", path) < (int)sizeof next);
    FILE *file = fopen(next, "w");
    SL_CHECK(file != NULL);
    SL_CHECK(fprintf(file, "%+dd\n", days) > 0);
    SL_CHECK_EQ(fclose(file), 0);
    SL_CHECK_EQ(rename(next, path), 0);
    SL_CHECK_EQ(days_ahead(), days);
    atomic_fetch_add(&jumps, 1);
}

static void *jumps_to_and_fro(void *argument) {
    while (!atomic_load(&ends)) {
        jump(DAYS);
        jump(-DAYS);
        sched_yield();
    }
    return argument;
}

/* Waits, again and again until the clock has jumped both ways during one wait. */
static void wait_through_jumps(void (*wait)(void *), void *argument) {
    pthread_t jumper = host_thread(jumps_to_and_fro, NULL);
    unsigned before = 0;
    do {
        before = atomic_load(&jumps);
        int64_t start = true_time(CLOCK_MONOTONIC);
        wait(argument);
        SL_CHECK(true_time(CLOCK_MONOTONIC) - start >= WAIT_MS * (int64_t)HOST_MS);
    } while (atomic_load(&jumps) - before < 3);
    atomic_store(&ends, true);
    host_join(jumper);
}

static void pops(void *queue) {
    sl_action action = {.size = sizeof action};
    SL_CHECK_STATUS(sl_action_queue_pop_timeout((sl_action_queue *)queue, WAIT_MS, &action),
                    SL_STATUS_TIMEOUT);
}

SL_TEST(a_pop_takes_its_time) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    wait_through_jumps(pops, queue);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void pushes(void *queue) {
    SL_CHECK_STATUS(host_push((sl_action_queue *)queue, 2), SL_STATUS_TIMEOUT);
}

SL_TEST(a_blocked_push_takes_its_time) {
    sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, WAIT_MS);
    SL_CHECK_OK(host_push(queue, 1));
    wait_through_jumps(pushes, queue);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static sl_status makes_itself(void *userdata, void **out_state) {
    *out_state = userdata;
    return SL_STATUS_OK;
}

static void keeps_it(void *userdata, void *state) {
    SL_CHECK_EQ(state, userdata);
}

static void acquires(void *pool) {
    void *state = NULL;
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout((sl_state_pool *)pool, WAIT_MS, &state),
                    SL_STATUS_TIMEOUT);
}

SL_TEST(an_acquire_takes_its_time) {
    sl_state_pool *pool = NULL;
    void *state = NULL;
    int it = 0;
    SL_CHECK_OK(sl_state_pool_new(1, makes_itself, keeps_it, &it, NULL, &pool));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    wait_through_jumps(acquires, pool);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

static void runs_once(void *loop) {
    SL_CHECK_OK(sl_loop_run_once((sl_loop *)loop, WAIT_MS, NULL));
}

SL_TEST(a_loop_without_work_takes_its_time) {
    sl_loop *loop = host_loop();
    wait_through_jumps(runs_once, loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void waits_for_a_timer(void *argument) {
    sl_loop *loop = (sl_loop *)argument;
    host_item item = {.letter = 'a'};
    host_timer(loop, WAIT_MS, 0, &item);
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
    SL_CHECK_EQ(item.runs, 1u);
}

SL_TEST(a_timer_takes_its_time) {
    sl_loop *loop = host_loop();
    wait_through_jumps(waits_for_a_timer, loop);
    SL_CHECK_OK(sl_loop_free(loop));
}
