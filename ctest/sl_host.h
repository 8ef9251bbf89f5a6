/*
 * What the C tests of the core share: loops in virtual time, items that write down when they ran,
 * statistics that are checked whenever they are read, and threads that must start.
 */
#ifndef SL_HOST_H
#define SL_HOST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "sl_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define HOST_MS UINT64_C(1000000)

/* What ran, in order: one letter for each run. */
typedef struct host_record {
    char text[256];
    size_t len;
} host_record;

/* Something to run. Only what differs from zero is set. */
typedef struct host_item {
    char letter;
    host_record *record;
    sl_loop *loop;
    uint64_t takes_ns;                    /* how far a run moves the loop's virtual clock */
    void (*then)(struct host_item *item); /* what a run does besides */
    void *more;
    sl_timer_id timer;
    uint64_t ran_at;
    unsigned runs;
    unsigned drops;
} host_item;

static inline void host_run(void *userdata) {
    host_item *item = (host_item *)userdata;
    SL_CHECK_EQ(item->drops, 0u);
    ++item->runs;
    if (item->record != NULL) {
        SL_CHECK(item->record->len + 1 < sizeof item->record->text);
        item->record->text[item->record->len++] = item->letter;
        item->record->text[item->record->len] = '\0';
    }
    if (item->loop != NULL) {
        SL_CHECK_OK(sl_loop_now(item->loop, &item->ran_at));
    }
    if (item->takes_ns != 0) {
        SL_CHECK_OK(sl_loop_advance(item->loop, item->takes_ns));
    }
    if (item->then != NULL) {
        item->then(item);
    }
}

static inline void host_drop(void *userdata) {
    ++((host_item *)userdata)->drops;
}

/* For calls whose function must not be called. */
static inline void host_never(void *userdata) {
    (void)userdata;
    SL_CHECK(!"this is never called");
}

static inline void host_nothing(void *userdata) {
    (void)userdata;
}

/* Also for posts of other threads. */
static inline void host_count(void *userdata) {
    atomic_fetch_add((atomic_uint_fast64_t *)userdata, 1);
}

/* Whether the case runs with the libuv backend: the same cases run with each. */
static inline bool host_is_uv(void) {
    const char *backend = getenv("SL_TEST_BACKEND");
    return backend != NULL && strcmp(backend, "uv") == 0;
}

static inline sl_loop_config host_loop_config(void) {
    sl_loop_config config;
    SL_CHECK_OK(sl_loop_config_init(&config, sizeof config));
    SL_CHECK_EQ(config.backend, (uint32_t)SL_BACKEND_DEFAULT);
    if (host_is_uv()) {
        config.backend = SL_BACKEND_UV;
    }
    return config;
}

/* A loop with the system's clock. */
static inline sl_loop *host_loop(void) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    return loop;
}

/* A loop whose time stands still until it is advanced. */
static inline sl_loop *host_virtual_loop(void) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    config.clock = SL_CLOCK_VIRTUAL;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    return loop;
}

static inline void host_post(sl_loop *loop, uint32_t priority, host_item *item) {
    SL_CHECK_OK(sl_loop_post(loop, priority, host_run, item, host_drop));
}

/* Runs all that is ready, and says how much that was. */
static inline uint32_t host_poll(sl_loop *loop) {
    uint32_t dispatched = UINT32_MAX;
    SL_CHECK_OK(sl_loop_poll(loop, UINT32_MAX, &dispatched));
    return dispatched;
}

static inline sl_step host_step(void) {
    sl_step step;
    SL_CHECK_OK(sl_step_init(&step, sizeof step));
    return step;
}

/* Takes a step and gives its report. */
static inline sl_report host_report(sl_loop *loop, const sl_step *step) {
    sl_report report = {.size = sizeof report};
    SL_CHECK_OK(sl_loop_step(loop, step, &report));
    SL_CHECK_EQ(report.items, report.timers + report.posts + report.actions);
    return report;
}

/* The statistics, which add up whenever they are read. */
static inline sl_loop_stats host_stats(sl_loop *loop) {
    sl_loop_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_loop_read_stats(loop, &stats));
    SL_CHECK_EQ(stats.posts_accepted, stats.posts_run + stats.posts_dropped + stats.posts_pending);
    return stats;
}

static inline uint64_t host_next_deadline(sl_loop *loop) {
    uint64_t ns = 1;
    SL_CHECK_OK(sl_loop_next_deadline(loop, &ns));
    return ns;
}

/* Schedules an item in milliseconds; the item knows its timer. */
static inline void host_timer(sl_loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
                              host_item *item) {
    SL_CHECK_OK(
        sl_loop_schedule_timer(loop, delay_ms, repeat_ms, host_run, item, host_drop, &item->timer));
}

static inline bool host_cancel(sl_loop *loop, sl_timer_id id) {
    bool cancelled = false;
    SL_CHECK_OK(sl_loop_cancel_timer(loop, id, &cancelled));
    return cancelled;
}

static inline sl_action_queue *host_queue(uint32_t capacity, uint32_t when_full,
                                          uint32_t block_ms) {
    sl_action_queue_config config;
    sl_action_queue *queue = NULL;
    SL_CHECK_OK(sl_action_queue_config_init(&config, sizeof config));
    config.capacity = capacity;
    config.when_full = when_full;
    config.block_ms = block_ms;
    SL_CHECK_OK(sl_action_queue_new(&config, &queue));
    return queue;
}

/* An action of the host's: kind 1, no message. */
static inline sl_action host_action(uint64_t id) {
    sl_action action = {.size = sizeof action, .id = id, .kind = 1};
    return action;
}

static inline sl_status host_push(sl_action_queue *queue, uint64_t id) {
    sl_action action = host_action(id);
    return sl_action_queue_push(queue, &action);
}

/* Takes the oldest action and gives its id. */
static inline uint64_t host_pop(sl_action_queue *queue) {
    sl_action action = {.size = sizeof action};
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
    uint64_t id = action.id;
    SL_CHECK_OK(sl_action_free(&action));
    return id;
}

static inline sl_action_queue_stats host_queue_stats(sl_action_queue *queue) {
    sl_action_queue_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_action_queue_read_stats(queue, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.dropped + stats.pending);
    return stats;
}

static inline pthread_t host_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    SL_CHECK_EQ(pthread_create(&thread, NULL, body, argument), 0);
    return thread;
}

static inline void host_join(pthread_t thread) {
    SL_CHECK_EQ(pthread_join(thread, NULL), 0);
}

static inline void host_barrier(pthread_barrier_t *barrier, unsigned threads) {
    SL_CHECK_EQ(pthread_barrier_init(barrier, NULL, threads), 0);
}

/* A small generator of numbers (splitmix64): the same numbers in each run. */
static inline uint64_t host_random(uint64_t *state) {
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

#endif /* SL_HOST_H */
