/* State pools: lending the host's own resources. */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "pool_test.h"

enum { STATES_MAX = 8 };

/* What the host's functions did. */
typedef struct factory {
    int states[STATES_MAX];
    bool alive[STATES_MAX];
    uint32_t created;
    uint32_t destroyed;
    uint32_t drops;
    uint32_t fail_at; /* the state that cannot be made, from 1; 0 = none */
    sl_status failure;
} factory;

static sl_status create(void *userdata, void **out_state) {
    factory *factory = userdata;
    if (factory->created + 1 == factory->fail_at) {
        return factory->failure;
    }
    SL_CHECK(factory->created < STATES_MAX);
    factory->alive[factory->created] = true;
    *out_state = &factory->states[factory->created++];
    return SL_STATUS_OK;
}

static void destroy(void *userdata, void *state) {
    factory *factory = userdata;
    size_t at = (size_t)((int *)state - factory->states);
    SL_CHECK(at < STATES_MAX && factory->alive[at]);
    SL_CHECK_EQ(factory->drops, 0);
    factory->alive[at] = false;
    factory->destroyed++;
}

static void drop(void *userdata) {
    ((factory *)userdata)->drops++;
}

static sl_state_pool *pool_of(factory *factory, uint32_t states) {
    sl_state_pool *pool = NULL;
    SL_CHECK_OK(sl_state_pool_new(states, create, destroy, factory, drop, &pool));
    SL_CHECK_EQ(factory->created, states);
    return pool;
}

/* A thread that acquires, says what it got, and gives it back. */
typedef struct waiter {
    pthread_t thread;
    sl_state_pool *pool;
    sl_status status;
    void *state;
    uint32_t *turns;
    uint32_t turn;
    uint32_t timeout_ms;
} waiter;

static void *acquire_and_release(void *argument) {
    waiter *waiter = argument;
    waiter->status =
        sl_state_pool_acquire_timeout(waiter->pool, waiter->timeout_ms, &waiter->state);
    if (waiter->status == SL_STATUS_OK) {
        waiter->turn = (*waiter->turns)++; /* whoever has the state may count */
        SL_CHECK_OK(sl_state_pool_release(waiter->pool, waiter->state));
    }
    return NULL;
}

static void waiter_start(waiter *waiter, sl_state_pool *pool, uint32_t *turns) {
    waiter->pool = pool;
    waiter->turns = turns;
    waiter->timeout_ms = UINT32_MAX;
    SL_CHECK_EQ(pthread_create(&waiter->thread, NULL, acquire_and_release, waiter), 0);
}

SL_TEST(new_then_free) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 3);
    SL_CHECK_EQ(stats_of(pool).available, 3);
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_EQ(factory.destroyed, 3);
    SL_CHECK_EQ(factory.drops, 1);
    SL_CHECK_OK(sl_state_pool_free(NULL));
}

SL_TEST(null_is_refused) {
    factory factory = {0};
    sl_state_pool *pool = NULL;
    void *state = NULL;
    sl_state_pool_stats stats = {.size = sizeof stats};
    sl_status null = SL_STATUS_NULL_ARGUMENT;
    SL_CHECK_STATUS(sl_state_pool_new(1, NULL, destroy, &factory, drop, &pool), null);
    SL_CHECK_STATUS(sl_state_pool_new(1, create, NULL, &factory, drop, &pool), null);
    SL_CHECK_STATUS(sl_state_pool_new(1, create, destroy, &factory, drop, NULL), null);
    SL_CHECK_STATUS(sl_state_pool_acquire(NULL, &state), null);
    SL_CHECK_STATUS(sl_state_pool_try_acquire(NULL, &state), null);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(NULL, 0, &state), null);
    SL_CHECK_STATUS(sl_state_pool_release(NULL, &state), null);
    SL_CHECK_STATUS(sl_state_pool_read_stats(NULL, &stats), null);
    SL_CHECK_EQ(factory.created, 0);
    pool = pool_of(&factory, 1);
    SL_CHECK_STATUS(sl_state_pool_acquire(pool, NULL), null);
    SL_CHECK_STATUS(sl_state_pool_try_acquire(pool, NULL), null);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 0, NULL), null);
    SL_CHECK_STATUS(sl_state_pool_release(pool, NULL), null);
    SL_CHECK_STATUS(sl_state_pool_read_stats(pool, NULL), null);
    SL_CHECK_EQ(stats_of(pool).acquired, 0);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(a_number_of_states_out_of_range_is_refused) {
    factory factory = {0};
    sl_state_pool *pool = NULL;
    const uint32_t counts[] = {0, 65537, UINT32_MAX};
    for (size_t at = 0; at < 3; at++) {
        SL_CHECK_STATUS(sl_state_pool_new(counts[at], create, destroy, &factory, drop, &pool),
                        SL_STATUS_INVALID_ARGUMENT);
    }
    SL_CHECK_EQ(factory.created + factory.drops, 0);
    SL_CHECK(pool == NULL);
}

SL_TEST(a_stale_handle_and_one_of_another_noun_are_refused) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 1);
    sl_loop *loop = NULL;
    void *state = &factory;
    sl_state_pool_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_loop_new(NULL, &loop));
    SL_CHECK_OK(sl_state_pool_free(pool));
    sl_state_pool *others[] = {pool, (sl_state_pool *)loop, (sl_state_pool *)&factory};
    const sl_status statuses[] = {SL_STATUS_STALE_HANDLE, SL_STATUS_WRONG_KIND,
                                  SL_STATUS_STALE_HANDLE};
    for (size_t at = 0; at < 3; at++) {
        SL_CHECK_STATUS(sl_state_pool_acquire(others[at], &state), statuses[at]);
        SL_CHECK_STATUS(sl_state_pool_try_acquire(others[at], &state), statuses[at]);
        SL_CHECK_STATUS(sl_state_pool_acquire_timeout(others[at], 1, &state), statuses[at]);
        SL_CHECK_STATUS(sl_state_pool_release(others[at], state), statuses[at]);
        SL_CHECK_STATUS(sl_state_pool_read_stats(others[at], &stats), statuses[at]);
        SL_CHECK_STATUS(sl_state_pool_free(others[at]), statuses[at]);
        SL_CHECK(state == &factory);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_create_that_fails_undoes_the_others) {
    const sl_status returned[] = {SL_STATUS_NO_MEMORY, SL_STATUS_FULL, 12345, -1, SL_STATUS_PANIC};
    const sl_status seen[] = {SL_STATUS_NO_MEMORY, SL_STATUS_FULL, SL_STATUS_SYSTEM,
                              SL_STATUS_SYSTEM, SL_STATUS_SYSTEM};
    for (size_t at = 0; at < 5; at++) {
        factory factory = {.fail_at = 3, .failure = returned[at]};
        sl_state_pool *pool = NULL;
        SL_CHECK_STATUS(sl_state_pool_new(4, create, destroy, &factory, drop, &pool), seen[at]);
        SL_CHECK_EQ(factory.created, 2);
        SL_CHECK_EQ(factory.destroyed, 2);
        SL_CHECK_EQ(factory.drops, 0); /* nothing was taken */
        SL_CHECK(pool == NULL);
    }
}

static sl_status create_nothing(void *userdata, void **out_state) {
    (void)userdata;
    (void)out_state;
    return SL_STATUS_OK;
}

SL_TEST(a_create_that_makes_nothing_is_refused) {
    factory factory = {0};
    sl_state_pool *pool = NULL;
    SL_CHECK_STATUS(sl_state_pool_new(1, create_nothing, destroy, &factory, drop, &pool),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(factory.destroyed + factory.drops, 0);
}

SL_TEST(the_state_that_came_back_last_is_lent_first) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 3);
    void *states[3];
    void *again = NULL;
    for (size_t at = 0; at < 3; at++) {
        SL_CHECK_OK(sl_state_pool_acquire(pool, &states[at]));
        SL_CHECK(states[at] == &factory.states[at]);
    }
    SL_CHECK_OK(sl_state_pool_release(pool, states[1]));
    SL_CHECK_OK(sl_state_pool_release(pool, states[0]));
    SL_CHECK_OK(sl_state_pool_try_acquire(pool, &again));
    SL_CHECK(again == states[0]);
    SL_CHECK_OK(sl_state_pool_try_acquire(pool, &again));
    SL_CHECK(again == states[1]);
    for (size_t at = 0; at < 3; at++) {
        SL_CHECK_OK(sl_state_pool_release(pool, states[at]));
    }
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(try_acquire_does_not_forget_a_token) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 2);
    void *states[2];
    void *none = &factory;
    for (uint32_t round = 0; round < 1000; round++) {
        SL_CHECK_OK(sl_state_pool_try_acquire(pool, &states[0]));
        SL_CHECK_OK(sl_state_pool_acquire_timeout(pool, 0, &states[1]));
        SL_CHECK_STATUS(sl_state_pool_try_acquire(pool, &none), SL_STATUS_EMPTY);
        SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 0, &none), SL_STATUS_TIMEOUT);
        SL_CHECK(none == &factory);
        SL_CHECK_OK(sl_state_pool_release(pool, states[round % 2]));
        SL_CHECK_OK(sl_state_pool_acquire(pool, &states[round % 2]));
        SL_CHECK_OK(sl_state_pool_release(pool, states[0]));
        SL_CHECK_OK(sl_state_pool_release(pool, states[1]));
    }
    sl_state_pool_stats stats = stats_of(pool);
    SL_CHECK_EQ(stats.available, 2);
    SL_CHECK_EQ(stats.waiting, 0);
    SL_CHECK_EQ(stats.acquired, 3000);
    SL_CHECK_EQ(stats.released, 3000);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(a_state_released_twice_or_foreign_is_not_found) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 2);
    void *state = NULL;
    SL_CHECK_STATUS(sl_state_pool_release(pool, &factory), SL_STATUS_NOT_FOUND);
    SL_CHECK_STATUS(sl_state_pool_release(pool, &factory.states[0]), SL_STATUS_NOT_FOUND);
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    SL_CHECK_STATUS(sl_state_pool_release(pool, &factory.states[1]), SL_STATUS_NOT_FOUND);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_STATUS(sl_state_pool_release(pool, state), SL_STATUS_NOT_FOUND);
    SL_CHECK_EQ(stats_of(pool).available, 2);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(a_wait_without_end_for_oneself_would_deadlock) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 2);
    void *states[2];
    void *none = NULL;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &states[0]));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &states[1]));
    SL_CHECK_STATUS(sl_state_pool_acquire(pool, &none), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, UINT32_MAX, &none),
                    SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 1, &none), SL_STATUS_TIMEOUT);
    SL_CHECK(none == NULL);
    SL_CHECK_OK(sl_state_pool_release(pool, states[0]));
    SL_CHECK_OK(sl_state_pool_release(pool, states[1]));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(a_wait_ends_when_a_state_comes_back) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 1);
    void *state = NULL;
    uint32_t turns = 0;
    waiter waiter;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    waiter_start(&waiter, pool, &turns);
    wait_for_waiters(pool, 1);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    pthread_join(waiter.thread, NULL);
    SL_CHECK_OK(waiter.status);
    SL_CHECK(waiter.state == state);
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(waiters_are_served_in_order_and_nobody_overtakes) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 1);
    enum { WAITERS = 6 };
    waiter waiters[WAITERS];
    void *state = NULL;
    void *mine = NULL;
    uint32_t turns = 0;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    for (uint32_t at = 0; at < WAITERS; at++) {
        waiter_start(&waiters[at], pool, &turns);
        wait_for_waiters(pool, at + 1);
    }
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &mine)); /* behind all of them */
    SL_CHECK_EQ(turns, WAITERS);
    SL_CHECK_OK(sl_state_pool_release(pool, mine));
    for (uint32_t at = 0; at < WAITERS; at++) {
        pthread_join(waiters[at].thread, NULL);
        SL_CHECK_EQ(waiters[at].turn, at);
    }
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(a_timeout_is_counted_by_the_monotonic_clock_and_never_early) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 1);
    void *state = NULL;
    void *none = NULL;
    struct timespec before;
    struct timespec after;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    clock_gettime(CLOCK_MONOTONIC, &before);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 5, &none), SL_STATUS_TIMEOUT);
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t waited =
        (int64_t)(after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    SL_CHECK(waited >= 5000000);
    SL_CHECK_EQ(stats_of(pool).waiting, 0);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state)); /* the one that gave up holds nothing */
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_free(pool));
}

SL_TEST(free_with_leases_out_destroys_at_the_last_release) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 3);
    void *states[2];
    void *none = NULL;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &states[0]));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &states[1]));
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_EQ(factory.destroyed, 1);
    SL_CHECK_STATUS(sl_state_pool_acquire(pool, &none), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_state_pool_try_acquire(pool, &none), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_state_pool_acquire_timeout(pool, 1, &none), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_state_pool_free(pool), SL_STATUS_CLOSED);
    SL_CHECK_EQ(stats_of(pool).states, 2);
    SL_CHECK_OK(sl_state_pool_release(pool, states[1]));
    SL_CHECK_EQ(factory.destroyed, 2);
    SL_CHECK_STATUS(sl_state_pool_release(pool, states[1]), SL_STATUS_NOT_FOUND);
    SL_CHECK_EQ(factory.drops, 0);
    SL_CHECK_OK(sl_state_pool_release(pool, states[0]));
    SL_CHECK_EQ(factory.destroyed, 3);
    SL_CHECK_EQ(factory.drops, 1);
    SL_CHECK_STATUS(sl_state_pool_release(pool, states[0]), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_state_pool_free(pool), SL_STATUS_STALE_HANDLE);
}

SL_TEST(free_sends_waiters_away) {
    factory factory = {0};
    sl_state_pool *pool = pool_of(&factory, 1);
    waiter waiters[3];
    void *state = NULL;
    uint32_t turns = 0;
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    for (uint32_t at = 0; at < 3; at++) {
        waiter_start(&waiters[at], pool, &turns);
    }
    wait_for_waiters(pool, 3);
    SL_CHECK_OK(sl_state_pool_free(pool));
    for (uint32_t at = 0; at < 3; at++) {
        pthread_join(waiters[at].thread, NULL);
        SL_CHECK_STATUS(waiters[at].status, SL_STATUS_CLOSED);
    }
    SL_CHECK_EQ(turns, 0);
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_EQ(factory.drops, 1);
}
