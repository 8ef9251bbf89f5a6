/* Timer: what it takes, when it fires, in which order, how it repeats. */
#include "sl_host.h"

SL_TEST(a_timer_that_is_not_allowed_is_refused) {
    sl_loop *loop = host_virtual_loop();
    sl_timer_id id = 77;
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, NULL, loop, host_never, &id),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_schedule_timer(NULL, 0, 0, host_never, loop, host_never, &id),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_schedule_timer_with(loop, NULL, host_never, loop, host_never, &id),
                    SL_STATUS_NULL_ARGUMENT);
    sl_timer_config config;
    SL_CHECK_OK(sl_timer_config_init(&config, sizeof config));
    SL_CHECK_STATUS(sl_loop_schedule_timer_with(loop, &config, NULL, loop, host_never, &id),
                    SL_STATUS_NULL_ARGUMENT);
    const size_t sizes[] = {0, sizeof(size_t), sizeof config + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        config.size = sizes[i];
        SL_CHECK_STATUS(
            sl_loop_schedule_timer_with(loop, &config, host_never, loop, host_never, &id),
            SL_STATUS_INVALID_ARGUMENT);
    }
    config.size = sizeof config;
    config.repeat_mode = 2;
    SL_CHECK_STATUS(sl_loop_schedule_timer_with(loop, &config, host_never, loop, host_never, &id),
                    SL_STATUS_INVALID_ARGUMENT);
    config.repeat_mode = SL_REPEAT_FIXED_RATE;
    config.flags = 2;
    SL_CHECK_STATUS(sl_loop_schedule_timer_with(loop, &config, host_never, loop, host_never, &id),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(id, 77);
    SL_CHECK_EQ(host_stats(loop).timers_scheduled, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_timers_config_is_filled_with_due_at_once_and_once) {
    sl_timer_config config;
    memset(&config, 0xaa, sizeof config);
    SL_CHECK_STATUS(sl_timer_config_init(&config, sizeof(size_t)), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_timer_config_init(&config, 0), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_timer_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(config.repeat_mode, 0xaaaaaaaa);
    SL_CHECK_OK(sl_timer_config_init(&config, sizeof config));
    SL_CHECK_EQ(config.size, sizeof config);
    SL_CHECK_EQ(config.delay_us, 0);
    SL_CHECK_EQ(config.repeat_us, 0);
    SL_CHECK_EQ(config.repeat_mode, SL_REPEAT_FIXED_DELAY);
    SL_CHECK_EQ(config.flags, 0u);
}

SL_TEST(a_timer_never_fires_early) {
    sl_loop *loop = host_virtual_loop();
    sl_timer_config config = {.size = sizeof config};
    for (uint64_t delay_us = 1; delay_us < UINT64_C(100000000000); delay_us = delay_us * 3 + 1) {
        host_item item = {.letter = 'a'};
        config.delay_us = delay_us;
        SL_CHECK_OK(sl_loop_schedule_timer_with(loop, &config, host_run, &item, host_drop, NULL));
        SL_CHECK_OK(sl_loop_advance(loop, delay_us * 1000 - 1));
        SL_CHECK_EQ(host_poll(loop), 0u);
        SL_CHECK_EQ(host_next_deadline(loop), 1);
        SL_CHECK_OK(sl_loop_advance(loop, 1));
        SL_CHECK_EQ(host_next_deadline(loop), 0);
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_EQ(item.drops, 1u);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_wait_sleeps_until_the_timer_and_not_less) {
    sl_loop *loop = host_loop();
    for (uint64_t delay_ms = 0; delay_ms < 4; ++delay_ms) {
        host_item item = {.letter = 'a', .loop = loop};
        uint64_t before = 0;
        uint32_t dispatched = 0;
        SL_CHECK_OK(sl_loop_now(loop, &before));
        host_timer(loop, delay_ms, 0, &item);
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
        SL_CHECK_EQ(dispatched, 1u);
        SL_CHECK(item.ran_at - before >= delay_ms * HOST_MS);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

static void arm_again(host_item *item) {
    item->drops = 0;
    host_timer(item->loop, 0, 0, item);
}

SL_TEST(a_zero_timer_fires_at_the_next_poll_and_never_inside_the_call) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop};
    host_timer(loop, 0, 0, &item);
    SL_CHECK_EQ(item.runs, 0u);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(item.runs, 1u);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_zero_timer_armed_in_its_own_callback_runs_once_per_poll) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop, .then = arm_again};
    host_timer(loop, 0, 0, &item);
    for (unsigned i = 1; i <= 100; ++i) {
        item.drops = 0;
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_EQ(item.runs, i);
        SL_CHECK_EQ(host_next_deadline(loop), 0);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(due_timers_run_in_the_order_of_deadline_and_creation) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    const uint64_t delays[] = {5, 3, 5, 0, 3, 1000, 5, 0};
    host_item items[8];
    for (int i = 0; i < 8; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
        host_timer(loop, delays[i], 0, &items[i]);
        SL_CHECK(i == 0 || items[i].timer > items[i - 1].timer);
    }
    SL_CHECK_OK(sl_loop_advance(loop, 1000 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 8u);
    SL_CHECK_STR_EQ(record.text, "dhbeacgf");
    SL_CHECK_OK(sl_loop_free(loop));
}

/* Mistake: same-tick timers in hash order. */
SL_TEST(timers_that_differ_by_a_microsecond_run_in_order) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[26];
    sl_timer_config config = {.size = sizeof config};
    for (int i = 0; i < 26; ++i) {
        int letter = i * 7 % 26;
        items[i] = (host_item){.letter = (char)('a' + letter), .record = &record};
        config.delay_us = 5000 + (uint64_t)letter;
        SL_CHECK_OK(
            sl_loop_schedule_timer_with(loop, &config, host_run, &items[i], host_drop, NULL));
    }
    SL_CHECK_OK(sl_loop_advance(loop, 100 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 26u);
    SL_CHECK_STR_EQ(record.text, "abcdefghijklmnopqrstuvwxyz");
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_timer_of_fixed_delay_does_not_pile_up) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop};
    host_timer(loop, 10, 10, &item);
    SL_CHECK_OK(sl_loop_advance(loop, 95 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_next_deadline(loop), 10 * HOST_MS);
    SL_CHECK_OK(sl_loop_advance(loop, 10 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(item.ran_at, 105 * HOST_MS);
    SL_CHECK_EQ(item.drops, 0u);
    SL_CHECK_EQ(host_stats(loop).timers_fired, 2);
    SL_CHECK_EQ(host_stats(loop).timers_active, 1);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(item.drops, 1u);
}

SL_TEST(a_fixed_delay_counts_from_the_begin_of_the_run) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop, .takes_ns = 4 * HOST_MS};
    host_timer(loop, 10, 10, &item);
    SL_CHECK_OK(sl_loop_advance(loop, 10 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_next_deadline(loop), 6 * HOST_MS);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_timer_of_fixed_rate_stays_on_its_grid_and_skips_what_was_missed) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop};
    sl_timer_config config = {.size = sizeof config,
                              .delay_us = 3000,
                              .repeat_us = 10000,
                              .repeat_mode = SL_REPEAT_FIXED_RATE};
    SL_CHECK_OK(
        sl_loop_schedule_timer_with(loop, &config, host_run, &item, host_drop, &item.timer));
    const uint64_t polls_at_ms[] = {3, 13, 24, 33, 77, 83, 93};
    const uint64_t next_ns[] = {10, 10, 9, 10, 6, 10, 10};
    uint64_t now = 0;
    for (int i = 0; i < 7; ++i) {
        SL_CHECK_OK(sl_loop_advance(loop, polls_at_ms[i] * HOST_MS - now));
        now = polls_at_ms[i] * HOST_MS;
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_EQ(item.ran_at, now);
        SL_CHECK_EQ(host_next_deadline(loop), next_ns[i] * HOST_MS);
        SL_CHECK_EQ(host_poll(loop), 0u);
    }
    SL_CHECK(host_cancel(loop, item.timer));
    SL_CHECK_OK(sl_loop_free(loop));
}

/* Mistake: one-shot timers that are lost to a full queue. */
SL_TEST(timers_that_do_not_fit_into_a_budget_are_kept) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[20];
    for (int i = 0; i < 20; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
        host_timer(loop, (uint64_t)i, 0, &items[i]);
    }
    for (int i = 0; i < 20; ++i) {
        SL_CHECK_OK(sl_loop_advance(loop, 5 * HOST_MS));
        SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
    }
    SL_CHECK_STR_EQ(record.text, "abcdefghijklmnopqrst");
    SL_CHECK_EQ(host_stats(loop).timers_active, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_bound_on_timers_refuses_exactly_at_its_number) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    host_item items[5] = {{.letter = 'a'}};
    config.clock = SL_CLOCK_VIRTUAL;
    config.timers_max = 3;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    for (int i = 0; i < 3; ++i) {
        host_timer(loop, 5, i == 2 ? 5 : 0, &items[i]);
    }
    for (int i = 0; i < 2; ++i) {
        sl_timer_id id = 77;
        SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, loop, host_never, &id),
                        SL_STATUS_FULL);
        SL_CHECK_EQ(id, 77);
    }
    SL_CHECK(host_cancel(loop, items[0].timer));
    host_timer(loop, 9, 0, &items[3]);
    SL_CHECK_OK(sl_loop_advance(loop, 5 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 2u);
    host_timer(loop, 9, 0, &items[4]);
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, loop, host_never, NULL),
                    SL_STATUS_FULL);
    SL_CHECK_EQ(host_stats(loop).timers_refused, 3);
    SL_CHECK_EQ(host_stats(loop).timers_active, 3);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct setter {
    sl_loop *loop;
    host_item *item;
} setter;

static void *sets_a_timer_once_the_owner_sleeps(void *argument) {
    setter *me = (setter *)argument;
    while (host_stats(me->loop).parks == 0) {
        sched_yield();
    }
    host_timer(me->loop, 1, 0, me->item);
    return NULL;
}

SL_TEST(a_timer_of_another_thread_ends_the_owners_sleep) {
    for (int far = 0; far < 2; ++far) {
        sl_loop *loop = host_loop();
        host_item item = {.letter = 'a', .loop = loop};
        host_item later = {.letter = 'b'};
        uint32_t dispatched = 0;
        if (far != 0) {
            host_timer(loop, UINT64_C(3600000), 0, &later);
        }
        setter me = {loop, &item};
        pthread_t thread = host_thread(sets_a_timer_once_the_owner_sleeps, &me);
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
        SL_CHECK_EQ(dispatched, 1u);
        SL_CHECK_EQ(item.drops, 1u);
        host_join(thread);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
