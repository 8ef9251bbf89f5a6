/* Callbacks under load: many producers, numbers that come and go, an end with a full queue. Seeds
   are fixed. */
#include "sl_host.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EACH = 10000 };
#else
enum { EACH = 250000 };
#endif
enum { PRODUCERS = 4, AT_ONCE = 64 };

static atomic_uint_fast64_t drops;

typedef struct producer {
    sl_callbacks *callbacks;
    pthread_t thread;
    uint64_t first; /* its numbers, one after the other */
    uint64_t accepted;
    bool closed;
} producer;

static sl_status build(void *userdata, void *target) {
    (void)userdata, (void)target;
    return SL_STATUS_OK;
}

static void drop(void *userdata) {
    atomic_fetch_add_explicit((atomic_uint_fast64_t *)userdata, 1, memory_order_relaxed);
}

static void *produce(void *argument) {
    producer *producer = argument;
    for (uint64_t at = 0; at < EACH; at++) {
        sl_status status =
            sl_callbacks_enqueue(producer->callbacks, producer->first + at, build, &drops, drop);
        if (status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE) {
            producer->closed = true;
            break;
        }
        SL_CHECK_OK(status);
        producer->accepted++;
    }
    return NULL;
}

static void start(producer *producers, sl_callbacks *callbacks) {
    for (uint64_t at = 0; at < PRODUCERS; at++) {
        producers[at] = (producer){.callbacks = callbacks, .first = 1 + at * EACH};
        SL_CHECK_EQ(pthread_create(&producers[at].thread, NULL, produce, &producers[at]), 0);
    }
}

static uint64_t join(producer *producers) {
    uint64_t accepted = 0;
    for (int at = 0; at < PRODUCERS; at++) {
        SL_CHECK_EQ(pthread_join(producers[at].thread, NULL), 0);
        accepted += producers[at].accepted;
    }
    return accepted;
}

/* The numbers of one producer come in order. */
typedef struct order {
    uint64_t last[PRODUCERS];
    uint64_t calls;
    uint64_t drops;
} order;

static void check_order(void *userdata, const sl_callback_call *call) {
    order *order = userdata;
    uint64_t *last = &order->last[(call->id - 1) / EACH];
    SL_CHECK(call->id > *last);
    *last = call->id;
    order->calls++;
    if (call->id % 1000 == 0) {
        SL_CHECK_OK(sl_callback_call_fail(call, "now and then", 12));
    }
}

static void drop_order(void *userdata) {
    ((order *)userdata)->drops++;
}

static sl_callbacks_stats stats_of(sl_callbacks *callbacks) {
    sl_callbacks_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_callbacks_read_stats(callbacks, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.unknown + stats.dropped + stats.pending);
    return stats;
}

/* A registry that only grows was the mistake of another. */
SL_TEST(a_million_jobs_with_callbacks_leave_the_registry_as_it_was) {
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    sl_loop *loop = host_loop();
    sl_callbacks *callbacks = NULL;
    SL_CHECK_OK(sl_callbacks_new(loop, NULL, &callbacks));
    order order = {.calls = 0};
    for (uint64_t id = 1; id <= PRODUCERS * EACH; id++) {
        sl_callback_id given = 0;
        SL_CHECK_OK(sl_callbacks_register(callbacks, check_order, &order, drop_order,
                                          SL_CALLBACK_FLAG_ONCE, &given));
        SL_CHECK_EQ(given, id);
    }
    producer producers[PRODUCERS];
    start(producers, callbacks);
    while (order.calls < PRODUCERS * EACH) {
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
        SL_CHECK_OK(sl_callbacks_dispatch(callbacks, AT_ONCE, NULL));
        if (stats_of(callbacks).pending != 0) {
            SL_CHECK_OK(sl_loop_wake(loop));
        }
    }
    SL_CHECK_EQ(join(producers), PRODUCERS * EACH);
    sl_callbacks_stats stats = stats_of(callbacks);
    SL_CHECK_EQ(stats.registered, 0);
    SL_CHECK_EQ(stats.delivered, PRODUCERS * EACH);
    SL_CHECK_EQ(stats.failed, PRODUCERS * EACH / 1000);
    SL_CHECK_EQ(atomic_load(&drops), PRODUCERS * EACH);
    SL_CHECK_EQ(order.drops, PRODUCERS * EACH);
    SL_CHECK_OK(sl_callbacks_free(callbacks));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_end_under_load_drops_each_payload_once) {
    for (int round = 0; round < 50; round++) {
        sl_loop *loop = host_loop();
        sl_callbacks *callbacks = NULL;
        SL_CHECK_OK(sl_callbacks_new(loop, NULL, &callbacks));
        uint64_t before = atomic_load(&drops);
        producer producers[PRODUCERS];
        start(producers, callbacks);
        while (stats_of(callbacks).accepted < 100u * (unsigned)round) {
            SL_CHECK_OK(sl_callbacks_dispatch(callbacks, AT_ONCE, NULL));
        }
        if (round % 2 == 0) {
            SL_CHECK_OK(sl_callbacks_close(callbacks));
            SL_CHECK_EQ(stats_of(callbacks).pending, 0);
        }
        SL_CHECK_OK(sl_callbacks_free(callbacks));
        uint64_t accepted = join(producers);
        SL_CHECK_EQ(atomic_load(&drops) - before, accepted);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
