/* States that are pinned to an owner: it gets the same one each time, and nobody else does. */
#include <pthread.h>

#include "pool_test.h"

static sl_status create(void *userdata, void **out_state) {
    int **next = userdata;
    *out_state = (*next)++;
    return SL_STATUS_OK;
}

static void destroy(void *userdata, void *state) {
    (void)userdata, (void)state;
}

/* A pool of these states, which are lent in this order at first. */
static sl_state_pool *pool_of(int *states, uint32_t count) {
    sl_state_pool *pool = NULL;
    int *next = states;
    SL_CHECK_OK(sl_state_pool_new(count, create, destroy, &next, NULL, &pool));
    return pool;
}

/* Lends the owner its state and gives it back at once. */
static void *visit(sl_state_pool *pool, uint64_t owner) {
    void *state = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, owner, 0, &state));
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    return state;
}

SL_TEST(an_owner_gets_the_same_state_each_time) {
    int states[3];
    sl_state_pool *pool = pool_of(states, 3);
    SL_CHECK(visit(pool, 7) == &states[0]);
    SL_CHECK(visit(pool, 8) == &states[1]);
    SL_CHECK(visit(pool, 7) == &states[0]);
    SL_CHECK(visit(pool, 8) == &states[1]);
    SL_CHECK_EQ(stats_of(pool).pinned, 2);
    SL_CHECK_EQ(stats_of(pool).available, 3);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(nobody_else_gets_a_pinned_state) {
    int states[2];
    sl_state_pool *pool = pool_of(states, 2);
    visit(pool, 7);
    void *other = NULL, *none = NULL;
    SL_CHECK_OK(sl_state_pool_try_acquire(pool, &other));
    SL_CHECK(other == &states[1]);
    SL_CHECK_STATUS(sl_state_pool_try_acquire(pool, &none), SL_STATUS_EMPTY);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 1, &none), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 8, 1, &none), SL_STATUS_TIMEOUT);
    SL_CHECK(none == NULL);
    SL_CHECK_OK(sl_state_pool_release(pool, other));
    visit(pool, 8);
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 9, 0, &none), SL_STATUS_TIMEOUT);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(what_is_unpinned_is_anybodys) {
    int states[1];
    sl_state_pool *pool = pool_of(states, 1);
    void *state = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, 7, 0, &state));
    SL_CHECK_OK(sl_state_pool_unpin(pool, 7)); /* while it is lent */
    SL_CHECK_EQ(stats_of(pool).pinned, 0);
    SL_CHECK_STATUS(sl_state_pool_unpin(pool, 7), SL_STATUS_NOT_FOUND);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_try_acquire(pool, &state));
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK(visit(pool, 8) == &states[0]);
    SL_CHECK_OK(sl_state_pool_unpin(pool, 8)); /* while it is not */
    SL_CHECK(visit(pool, 9) == &states[0]);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(bad_arguments_change_nothing) {
    int states[1];
    sl_state_pool *pool = pool_of(states, 1);
    void *none = NULL;
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 0, 0, &none), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 1, 0, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(NULL, 1, 0, &none), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_state_pool_unpin(pool, 0), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_state_pool_unpin(pool, UINT64_MAX), SL_STATUS_NOT_FOUND);
    SL_CHECK_STATUS(sl_state_pool_unpin(NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK(none == NULL);
    sl_state_pool_stats stats = stats_of(pool);
    SL_CHECK_EQ(stats.acquired + stats.pinned, 0);
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 1, 0, &none), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_state_pool_unpin(pool, 1), SL_STATUS_STALE_HANDLE);
}

SL_TEST(a_wait_without_end_for_oneself_would_deadlock_also_when_pinned) {
    int states[3];
    sl_state_pool *pool = pool_of(states, 3);
    void *mine = NULL, *other = NULL, *none = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, 7, UINT32_MAX, &mine));
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 7, UINT32_MAX, &none),
                    SL_STATUS_WOULD_DEADLOCK);
    visit(pool, 8);
    SL_CHECK_OK(sl_state_pool_acquire(pool, &other));
    /* One more is free, but pinned: this thread would wait for what it holds. */
    SL_CHECK_STATUS(sl_state_pool_acquire(pool, &none), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK(none == NULL);
    SL_CHECK_OK(sl_state_pool_release(pool, mine));
    SL_CHECK_OK(sl_state_pool_release(pool, other));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

/* A thread that waits for a state without end, and keeps it. */
typedef struct waiter {
    pthread_t thread;
    sl_state_pool *pool;
    uint64_t owner; /* 0 = any state */
    void *state;
} waiter;

static void *acquire(void *argument) {
    waiter *waiter = argument;
    if (waiter->owner == 0) {
        SL_CHECK_OK(sl_state_pool_acquire(waiter->pool, &waiter->state));
    } else {
        SL_CHECK_OK(
            sl_state_pool_acquire_pinned(waiter->pool, waiter->owner, UINT32_MAX, &waiter->state));
    }
    return NULL;
}

static void waiter_start(waiter *waiter, sl_state_pool *pool, uint64_t owner) {
    *waiter = (struct waiter){.pool = pool, .owner = owner};
    SL_CHECK_EQ(pthread_create(&waiter->thread, NULL, acquire, waiter), 0);
}

static void *waiter_end(waiter *waiter) {
    SL_CHECK_EQ(pthread_join(waiter->thread, NULL), 0);
    return waiter->state;
}

SL_TEST(who_waits_for_a_pinned_state_gets_that_one) {
    int states[2];
    sl_state_pool *pool = pool_of(states, 2);
    void *pinned = NULL, *other = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, 7, 0, &pinned));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &other));
    waiter owner, anybody;
    waiter_start(&owner, pool, 7);
    wait_for_waiters(pool, 1);
    waiter_start(&anybody, pool, 0);
    wait_for_waiters(pool, 2);
    SL_CHECK_OK(sl_state_pool_release(pool, other)); /* not for the one who came first */
    SL_CHECK(waiter_end(&anybody) == other);
    SL_CHECK_EQ(stats_of(pool).waiting, 1);
    SL_CHECK_OK(sl_state_pool_release(pool, pinned));
    SL_CHECK(waiter_end(&owner) == pinned);
    SL_CHECK_OK(sl_state_pool_release(pool, owner.state));
    SL_CHECK_OK(sl_state_pool_release(pool, anybody.state));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(unpinning_serves_all_who_can_go_on) {
    int states[2];
    sl_state_pool *pool = pool_of(states, 2);
    void *held = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, 7, 0, &held));
    visit(pool, 8);
    waiter owner, anybody;
    waiter_start(&owner, pool, 7);
    wait_for_waiters(pool, 1);
    waiter_start(&anybody, pool, 0); /* all are pinned: only an unpin can end this */
    wait_for_waiters(pool, 2);
    SL_CHECK_OK(sl_state_pool_unpin(pool, 8));
    SL_CHECK(waiter_end(&anybody) == &states[1]);
    SL_CHECK_OK(sl_state_pool_unpin(pool, 7));
    SL_CHECK_EQ(stats_of(pool).waiting, 1); /* nothing is free yet */
    SL_CHECK_OK(sl_state_pool_release(pool, anybody.state));
    SL_CHECK(waiter_end(&owner) == &states[1]); /* any will do now, and is pinned anew */
    SL_CHECK_EQ(stats_of(pool).pinned, 1);
    SL_CHECK_OK(sl_state_pool_release(pool, owner.state));
    SL_CHECK_OK(sl_state_pool_release(pool, held));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(free_sends_owners_away) {
    int states[1];
    sl_state_pool *pool = pool_of(states, 1);
    void *state = NULL, *none = NULL;
    SL_CHECK_OK(sl_state_pool_acquire_pinned(pool, 7, 0, &state));
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_STATUS(sl_state_pool_acquire_pinned(pool, 7, 0, &none), SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_state_pool_unpin(pool, 7));
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_STATUS(sl_state_pool_release(pool, state), SL_STATUS_STALE_HANDLE);
}
