/* State pools under load. Seeds are fixed: what differs between two runs is the threads' order. */
#include <pthread.h>
#include <stdatomic.h>

#include "sl_test.h"

enum { STATES = 3, THREADS = 6, ROUNDS = 20000 };

/* Each state knows its holder: two at once would be seen. */
typedef struct shared {
    atomic_int holders[STATES];
    uint32_t created;
    atomic_uint destroyed;
    atomic_uint drops;
    atomic_uint started;
    sl_state_pool *pool;
} shared;

static sl_status create(void *userdata, void **out_state) {
    shared *shared = userdata;
    *out_state = &shared->holders[shared->created++];
    return SL_STATUS_OK;
}

static void destroy(void *userdata, void *state) {
    SL_CHECK_EQ(atomic_load((atomic_int *)state), 0);
    atomic_fetch_add(&((shared *)userdata)->destroyed, 1);
}

static void drop(void *userdata) {
    SL_CHECK_EQ(atomic_load(&((shared *)userdata)->destroyed), STATES);
    atomic_fetch_add(&((shared *)userdata)->drops, 1);
}

static sl_status acquire(shared *shared, uint64_t way, void **out_state) {
    /* Fewer owners than states: one is always left for those who wait for any. */
    uint64_t owner = 1 + way / 6 % (STATES - 1);
    switch (way % 6) {
    case 0:
        return sl_state_pool_try_acquire(shared->pool, out_state);
    case 1:
        return sl_state_pool_acquire_timeout(shared->pool, 0, out_state);
    case 2:
        return sl_state_pool_acquire_timeout(shared->pool, 1, out_state);
    case 3:
        return sl_state_pool_acquire(shared->pool, out_state);
    case 4:
        return sl_state_pool_acquire_pinned(shared->pool, owner, UINT32_MAX, out_state);
    default:
        sl_state_pool_unpin(shared->pool, owner);
        return sl_state_pool_acquire_pinned(shared->pool, owner, 1, out_state);
    }
}

static void use_and_release(shared *shared, void *state) {
    SL_CHECK_EQ(atomic_fetch_add((atomic_int *)state, 1), 0);
    SL_CHECK_EQ(atomic_fetch_sub((atomic_int *)state, 1), 1);
    SL_CHECK_OK(sl_state_pool_release(shared->pool, state));
}

static void *mix(void *argument) {
    shared *shared = argument;
    uint64_t seed = atomic_fetch_add(&shared->started, 1);
    for (int round = 0; round < ROUNDS; round++) {
        void *state = NULL;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        sl_status status = acquire(shared, seed >> 33, &state);
        if (status == SL_STATUS_OK) {
            use_and_release(shared, state);
        } else {
            SL_CHECK(status == SL_STATUS_EMPTY || status == SL_STATUS_TIMEOUT);
        }
    }
    return NULL;
}

static void start(shared *shared, pthread_t *threads, void *(*run)(void *)) {
    memset(shared, 0, sizeof *shared);
    SL_CHECK_OK(sl_state_pool_new(STATES, create, destroy, shared, drop, &shared->pool));
    for (int at = 0; at < THREADS; at++) {
        SL_CHECK_EQ(pthread_create(&threads[at], NULL, run, shared), 0);
    }
}

SL_TEST(mixed_ways_to_acquire_never_drift_the_count) {
    shared shared;
    pthread_t threads[THREADS];
    start(&shared, threads, mix);
    for (int at = 0; at < THREADS; at++) {
        pthread_join(threads[at], NULL);
    }
    sl_state_pool_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_state_pool_read_stats(shared.pool, &stats));
    SL_CHECK_EQ(stats.available, STATES);
    SL_CHECK_EQ(stats.leased + stats.waiting, 0);
    SL_CHECK_EQ(stats.acquired, stats.released);
    SL_CHECK_OK(sl_state_pool_free(shared.pool));
    SL_CHECK_EQ(atomic_load(&shared.drops), 1);
}

static void *until_closed(void *argument) {
    shared *shared = argument;
    for (uint64_t way = 0;; way++) {
        void *state = NULL;
        sl_status status = acquire(shared, way, &state);
        if (status == SL_STATUS_OK) {
            use_and_release(shared, state);
        } else if (status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE) {
            return NULL;
        }
    }
}

SL_TEST(free_while_others_wait_destroys_every_state_once) {
    for (int round = 0; round < 300; round++) {
        shared shared;
        pthread_t threads[THREADS];
        start(&shared, threads, until_closed);
        sl_state_pool_stats stats = {.size = sizeof stats};
        do {
            SL_CHECK_OK(sl_state_pool_read_stats(shared.pool, &stats));
        } while (stats.acquired < 50);
        SL_CHECK_OK(sl_state_pool_free(shared.pool));
        for (int at = 0; at < THREADS; at++) {
            pthread_join(threads[at], NULL);
        }
        SL_CHECK_EQ(atomic_load(&shared.destroyed), STATES);
        SL_CHECK_EQ(atomic_load(&shared.drops), 1);
    }
}
