/*
 * Timer: huge delays, and a hundred thousand random timers against a model that is too simple to
 * be wrong. The seed is fixed: each run does the same.
 */
#include "sl_host.h"

SL_TEST(delays_too_large_for_the_clock_never_come) {
    const uint64_t huge[] = {UINT64_C(1) << 32,    UINT64_C(1) << 53,        INT64_MAX,
                             UINT64_C(1) << 63,    (UINT64_C(1) << 63) + 1,  UINT64_MAX - 1,
                             UINT64_MAX,           UINT64_MAX / 1000,        UINT64_MAX / 1000 + 1,
                             UINT64_MAX / 1000000, UINT64_MAX / 1000000 + 1, UINT64_MAX / 10};
    sl_loop *loop = host_virtual_loop();
    for (size_t i = 0; i < sizeof huge / sizeof *huge; ++i) {
        for (size_t j = 0; j < sizeof huge / sizeof *huge; ++j) {
            SL_CHECK_OK(sl_loop_schedule_timer(loop, huge[i], huge[j], host_never, NULL,
                                               host_nothing, NULL));
        }
        SL_CHECK_OK(sl_loop_schedule_timer(loop, huge[i], 0, host_never, NULL, NULL, NULL));
    }
    for (int day = 0; day < 49; ++day) {
        SL_CHECK_OK(sl_loop_advance(loop, 86400 * 1000 * HOST_MS));
        SL_CHECK_EQ(host_poll(loop), 0u);
    }
    SL_CHECK_EQ(host_stats(loop).timers_fired, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_never_comes_does_not_come_at_the_end_of_the_clock_either) {
    sl_loop *loop = host_virtual_loop();
    uint64_t now = 0;
    SL_CHECK_OK(sl_loop_schedule_timer(loop, UINT64_MAX, 0, host_never, NULL, NULL, NULL));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, UINT64_MAX, 1, host_never, NULL, NULL, NULL));
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_OK(sl_loop_advance(loop, UINT64_MAX));
    SL_CHECK_OK(sl_loop_advance(loop, UINT64_MAX));
    SL_CHECK_OK(sl_loop_now(loop, &now));
    SL_CHECK(now >= UINT64_MAX - 1);
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_repeat_too_large_for_the_clock_fires_once) {
    sl_loop *loop = host_virtual_loop();
    host_item items[2] = {{.letter = 'a'}, {.letter = 'b'}};
    sl_timer_config config = {.size = sizeof config, .repeat_us = UINT64_MAX};
    for (uint32_t mode = 0; mode < 2; ++mode) {
        config.repeat_mode = mode;
        SL_CHECK_OK(
            sl_loop_schedule_timer_with(loop, &config, host_run, &items[mode], host_drop, NULL));
    }
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_OK(sl_loop_advance(loop, UINT64_MAX / 2));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_EQ(items[0].drops + items[1].drops, 0u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(items[0].drops + items[1].drops, 2u);
}

SL_TEST(waits_too_long_for_the_clock_are_waits) {
    const uint64_t waits[] = {UINT64_MAX - 1, UINT64_MAX / 1000, UINT64_MAX / 1000 + 1,
                              UINT64_C(1) << 63, INT64_MAX};
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_schedule_timer(loop, UINT64_MAX, 0, host_never, NULL, NULL, NULL));
    SL_CHECK_OK(
        sl_loop_schedule_timer(loop, UINT64_MAX / 1000000, 0, host_never, NULL, NULL, NULL));
    for (size_t i = 0; i < sizeof waits / sizeof *waits; ++i) {
        host_item item = {.letter = 'a'};
        sl_step step = host_step();
        step.max_wait_us = waits[i];
        step.max_work_us = waits[i];
        host_timer(loop, 1, 0, &item);
        SL_CHECK_EQ(host_report(loop, &step).items, 1);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

enum { TIMERS = 100000, POLLS = 600, SEED = 20240607 };

typedef struct modelled {
    uint64_t deadline;
    uint64_t repeat;
    uint32_t mode;
    bool alive;
    unsigned drops;
    sl_timer_id id;
} modelled;

static modelled timers[TIMERS];
static uint32_t known;
static sl_loop *model_loop;
static uint64_t model_now;
static uint32_t expected[TIMERS];
static uint32_t expected_len;
static uint32_t fired;

static int by_deadline_and_id(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    if (timers[a].deadline != timers[b].deadline) {
        return timers[a].deadline < timers[b].deadline ? -1 : 1;
    }
    return a < b ? -1 : 1;
}

/* The model's half of a cancellation, and the check that the loop says the same. */
static void model_cancels(uint32_t which) {
    SL_CHECK_EQ(host_cancel(model_loop, timers[which].id), timers[which].alive);
    timers[which].alive = false;
}

static void model_fires(void *userdata) {
    modelled *timer = (modelled *)userdata;
    uint32_t which = (uint32_t)(timer - timers);
    while (fired < expected_len && !timers[expected[fired]].alive) {
        ++fired; /* cancelled by one that ran before it in this poll */
    }
    SL_CHECK(fired < expected_len);
    SL_CHECK_EQ(which, expected[fired++]);
    SL_CHECK_EQ(timer->drops, 0u);
    if (timer->repeat == 0) {
        timer->alive = false;
    } else if (timer->mode == SL_REPEAT_FIXED_DELAY) {
        timer->deadline = model_now + timer->repeat;
    } else {
        timer->deadline += ((model_now - timer->deadline) / timer->repeat + 1) * timer->repeat;
    }
    if (which % 17 == 0) {
        model_cancels((which * 31 + 7) % known);
    }
}

static void model_drops(void *userdata) {
    ++((modelled *)userdata)->drops;
}

static void model_schedules(uint64_t *seed) {
    /* Delays of all sizes: from nothing to days. */
    uint64_t delay_us = host_random(seed) >> (24 + host_random(seed) % 40);
    modelled *timer = &timers[known++];
    sl_timer_config config = {.size = sizeof config, .delay_us = delay_us};
    if (host_random(seed) % 8 == 0) {
        config.repeat_us = 1 + host_random(seed) % 5000000;
        config.repeat_mode =
            host_random(seed) % 2 == 0 ? SL_REPEAT_FIXED_DELAY : SL_REPEAT_FIXED_RATE;
    }
    timer->deadline = model_now + delay_us * 1000;
    timer->repeat = config.repeat_us * 1000;
    timer->mode = config.repeat_mode;
    timer->alive = true;
    SL_CHECK_OK(sl_loop_schedule_timer_with(model_loop, &config, model_fires, timer, model_drops,
                                            &timer->id));
}

static void model_polls(void) {
    uint64_t next = UINT64_MAX;
    expected_len = 0;
    fired = 0;
    for (uint32_t i = 0; i < known; ++i) {
        if (timers[i].alive && timers[i].deadline <= model_now) {
            expected[expected_len++] = i;
        }
        if (timers[i].alive && timers[i].deadline < next) {
            next = timers[i].deadline;
        }
    }
    qsort(expected, expected_len, sizeof *expected, by_deadline_and_id);
    next = next == UINT64_MAX ? SL_UNLIMITED : next <= model_now ? 0 : next - model_now;
    SL_CHECK_EQ(host_next_deadline(model_loop), next);
    host_poll(model_loop);
    while (fired < expected_len && !timers[expected[fired]].alive) {
        ++fired;
    }
    SL_CHECK_EQ(fired, expected_len);
}

SL_TEST(a_hundred_thousand_random_timers_do_what_the_model_does) {
    uint64_t seed = SEED;
    model_loop = host_virtual_loop();
    for (int poll = 0; poll < POLLS; ++poll) {
        uint32_t more = (uint32_t)(host_random(&seed) % (2 * TIMERS / POLLS));
        for (uint32_t i = 0; i < more && known < TIMERS; ++i) {
            model_schedules(&seed);
        }
        for (uint32_t i = 0; i < more / 4; ++i) {
            model_cancels((uint32_t)(host_random(&seed) % known));
        }
        uint64_t step = (host_random(&seed) >> (20 + host_random(&seed) % 44)) % (10000 * HOST_MS);
        SL_CHECK_OK(sl_loop_advance(model_loop, step));
        model_now += step;
        model_polls();
    }
    SL_CHECK(known > TIMERS / 2);
    SL_CHECK(host_stats(model_loop).timers_fired > known / 4);
    SL_CHECK_OK(sl_loop_free(model_loop));
    for (uint32_t i = 0; i < known; ++i) {
        SL_CHECK_EQ(timers[i].drops, 1u);
    }
}
