/* Uv: whether there is a libuv, and a loop that waits in one of which the host sees nothing. */
#include "sl_host.h"

SL_TEST(a_backend_is_told_to_be_there) {
    bool is_available = false;
    SL_CHECK_OK(sl_backend_is_available(SL_BACKEND_DEFAULT, &is_available));
    SL_CHECK(is_available);
    SL_CHECK_STATUS(sl_backend_is_available(2, &is_available), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_backend_is_available(0, NULL), SL_STATUS_NULL_ARGUMENT);
}

static void one_line(void *userdata, uint32_t level, const char *text, size_t text_len) {
    SL_CHECK_EQ(level, (uint32_t)SL_LOG_LEVEL_ERROR);
    SL_CHECK(text != NULL && text_len > 0);
    ++*(unsigned *)userdata;
}

SL_TEST(a_loop_in_libuv_is_made_where_there_is_one_and_else_refused_with_a_line) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    bool is_available = false;
    unsigned lines = 0;
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_ERROR, one_line, &lines, NULL));
    SL_CHECK_OK(sl_backend_is_available(SL_BACKEND_UV, &is_available));
    SL_CHECK_EQ(lines, is_available ? 0u : 1u);
    config.backend = SL_BACKEND_UV;
    SL_CHECK_STATUS(sl_loop_new(&config, &loop),
                    is_available ? SL_STATUS_OK : SL_STATUS_UNSUPPORTED);
    SL_CHECK_EQ(lines, is_available ? 0u : 2u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}

SL_TEST(a_uv_loop_that_may_be_of_another_libuv_is_not_shown) {
    for (uint32_t backend = SL_BACKEND_DEFAULT; backend <= SL_BACKEND_UV; ++backend) {
        sl_loop_config config = host_loop_config();
        sl_loop *loop = NULL;
        void *uv_loop = &config;
        config.backend = backend;
        if (sl_loop_new(&config, &loop) == SL_STATUS_UNSUPPORTED) {
            printf("not tried with backend %u: there is no libuv\n", backend);
            continue;
        }
        SL_CHECK_STATUS(sl_loop_uv_loop(loop, NULL), SL_STATUS_NULL_ARGUMENT);
        SL_CHECK_STATUS(sl_loop_uv_loop(loop, &uv_loop), SL_STATUS_UNSUPPORTED);
        SL_CHECK(uv_loop == &config);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

/* The order in which many timers fire, as a sum in which each place counts. */
typedef struct order {
    uint64_t sum;
    uint64_t fired;
} order;

typedef struct entry {
    order *order;
    uint64_t number;
} entry;

static void fire(void *userdata) {
    const entry *entry = userdata;
    order *order = entry->order;
    order->sum = order->sum * 31 + entry->number;
    ++order->fired;
}

static order fire_all(uint32_t backend, entry *entries, uint32_t count) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    order order = {0, 0};
    uint64_t state = 1;
    config.backend = backend;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    for (uint32_t i = 0; i < count; ++i) {
        /* Whole steps of 10 ms: what is due together is ordered by its number. */
        sl_timer_config when = {.size = sizeof when, .delay_us = host_random(&state) % 20 * 10000};
        entries[i] = (entry){&order, i};
        when.delay_us += 1000000;
        SL_CHECK_OK(sl_loop_schedule_timer_with(loop, &when, fire, &entries[i], NULL, NULL));
    }
    while (order.fired < count) {
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
    }
    SL_CHECK_OK(sl_loop_free(loop));
    return order;
}

static order fire_all_at_once(uint32_t backend, entry *entries, uint32_t count) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    order order = {0, 0};
    uint64_t state = 1;
    config.backend = backend;
    config.clock = SL_CLOCK_VIRTUAL;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    for (uint32_t i = 0; i < count; ++i) {
        entries[i] = (entry){&order, i};
        SL_CHECK_OK(sl_loop_schedule_timer(loop, host_random(&state) % 5000, 0, fire, &entries[i],
                                           NULL, NULL));
    }
    while (order.fired < count) {
        SL_CHECK_OK(sl_loop_advance(loop, host_random(&state) % 100 * HOST_MS));
        host_poll(loop);
    }
    SL_CHECK_OK(sl_loop_free(loop));
    return order;
}

SL_TEST(a_hundred_thousand_timers_fire_in_the_order_of_the_default_backend) {
    enum { COUNT = 100000 };
    entry *entries = malloc(COUNT * sizeof *entries);
    bool is_available = false;
    SL_CHECK(entries != NULL);
    SL_CHECK_OK(sl_backend_is_available(SL_BACKEND_UV, &is_available));
    if (is_available) {
        order expected = fire_all_at_once(SL_BACKEND_DEFAULT, entries, COUNT);
        order found = fire_all_at_once(SL_BACKEND_UV, entries, COUNT);
        SL_CHECK_EQ(found.sum, expected.sum);
        /* By the clock each timer is due at another time, so only all together are the same. */
        SL_CHECK_EQ(fire_all(SL_BACKEND_UV, entries, COUNT).fired, (uint64_t)COUNT);
    } else {
        printf("not tried: there is no libuv\n");
    }
    free(entries);
}
