/* What the tests of state pools share. */
#ifndef POOL_TEST_H
#define POOL_TEST_H

#include <sched.h>

#include "sl_test.h"

static inline sl_state_pool_stats stats_of(sl_state_pool *pool) {
    sl_state_pool_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_state_pool_read_stats(pool, &stats));
    SL_CHECK_EQ(stats.states, stats.available + stats.leased);
    SL_CHECK_EQ(stats.acquired, stats.released + stats.leased);
    return stats;
}

/* Waits until so many threads wait; the pool says so, no clock does. */
static inline void wait_for_waiters(sl_state_pool *pool, uint64_t waiting) {
    while (stats_of(pool).waiting != waiting) {
        sched_yield();
    }
}

#endif /* POOL_TEST_H */
