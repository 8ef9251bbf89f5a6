/* Loop: configs, what a poll, a step and a wait return, wakes, statistics. */
#include "sl_host.h"

static void refused(const sl_loop_config *config, sl_status expected) {
    sl_loop *loop = (sl_loop *)&loop;
    SL_CHECK_STATUS(sl_loop_new(config, &loop), expected);
    SL_CHECK_EQ(loop, (sl_loop *)&loop);
    SL_CHECK_EQ(sl_live_handles(), 0);
}

SL_TEST(a_config_that_is_not_allowed_makes_no_loop) {
    const size_t sizes[] = {0, 1, sizeof(size_t), sizeof(sl_loop_config) + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        sl_loop_config config = host_loop_config();
        config.size = sizes[i];
        refused(&config, SL_STATUS_INVALID_ARGUMENT);
    }
    sl_loop_config config = host_loop_config();
    config.backend = 2;
    refused(&config, SL_STATUS_INVALID_ARGUMENT);
    config = host_loop_config();
    config.clock = 2;
    refused(&config, SL_STATUS_INVALID_ARGUMENT);
    config = host_loop_config();
    config.uv_flags = 2;
    refused(&config, SL_STATUS_INVALID_ARGUMENT);
    config = host_loop_config();
    config.spin_us = UINT32_MAX;
    refused(&config, SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_new(NULL, NULL), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_config_of_an_older_host_has_defaults_where_it_ends) {
    sl_loop_config config;
    memset(&config, 0xff, sizeof config);
    config.size = offsetof(sl_loop_config, post_capacity);
    config.backend = SL_BACKEND_DEFAULT;
    config.clock = SL_CLOCK_VIRTUAL;
    sl_loop *loop = NULL;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    SL_CHECK_OK(sl_loop_advance(loop, 1));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_init_fills_the_documented_defaults_and_no_byte_more) {
    struct {
        sl_loop_config config;
        unsigned char behind[8];
    } room;
    memset(&room, 0xaa, sizeof room);
    SL_CHECK_OK(sl_loop_config_init(&room.config, sizeof room.config));
    SL_CHECK_EQ(room.config.size, sizeof room.config);
    SL_CHECK_EQ(room.config.backend, SL_BACKEND_DEFAULT);
    SL_CHECK_EQ(room.config.clock, SL_CLOCK_SYSTEM);
    SL_CHECK_EQ(room.config.post_capacity, 0u);
    SL_CHECK_EQ(room.config.timers_max, 0u);
    SL_CHECK_EQ(room.config.spin_us, 20u);
    SL_CHECK_EQ(room.config.uv_flags, 0u);
    SL_CHECK_EQ(room.behind[0], 0xaa);

    memset(&room, 0xaa, sizeof room);
    SL_CHECK_OK(sl_loop_config_init(&room.config, offsetof(sl_loop_config, clock)));
    SL_CHECK_EQ(room.config.size, offsetof(sl_loop_config, clock));
    SL_CHECK_EQ(room.config.backend, SL_BACKEND_DEFAULT);
    SL_CHECK_EQ(room.config.clock, 0xaaaaaaaa);

    memset(&room, 0xaa, sizeof room);
    SL_CHECK_OK(sl_loop_config_init(&room.config, sizeof room));
    SL_CHECK_EQ(room.behind[0], 0xaa);

    sl_step step = host_step();
    SL_CHECK_EQ(step.size, sizeof step);
    SL_CHECK_EQ(step.max_work_us, SL_UNLIMITED);
    SL_CHECK_EQ(step.max_wait_us, 0u);
    SL_CHECK_EQ(step.max_items, 0u);
    SL_CHECK_EQ(step.flags, 0u);
}

SL_TEST(an_init_without_a_struct_or_a_size_changes_nothing) {
    const size_t sizes[] = {0, 1, sizeof(size_t)};
    sl_loop_config config;
    sl_step step;
    memset(&config, 0x55, sizeof config);
    memset(&step, 0x55, sizeof step);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        SL_CHECK_STATUS(sl_loop_config_init(&config, sizes[i]), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_STATUS(sl_step_init(&step, sizes[i]), SL_STATUS_INVALID_ARGUMENT);
    }
    SL_CHECK_EQ(config.size, (size_t)UINT64_C(0x5555555555555555));
    SL_CHECK_EQ(step.size, (size_t)UINT64_C(0x5555555555555555));
    SL_CHECK_STATUS(sl_loop_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_step_init(NULL, sizeof step), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_poll_with_nothing_to_do_says_zero) {
    sl_loop *loop = host_loop();
    uint32_t dispatched = 77;
    SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched));
    SL_CHECK_EQ(dispatched, 0u);
    dispatched = 77;
    SL_CHECK_OK(sl_loop_run_once(loop, 0, &dispatched));
    SL_CHECK_EQ(dispatched, 0u);
    SL_CHECK_OK(sl_loop_poll(loop, UINT32_MAX, NULL));
    SL_CHECK_OK(sl_loop_run_once(loop, 0, NULL));
    SL_CHECK_OK(sl_loop_step(loop, NULL, NULL));
    sl_report report = host_report(loop, NULL);
    SL_CHECK_EQ(report.items, 0);
    SL_CHECK_EQ(report.remaining, 0);
    SL_CHECK_EQ(report.overshoot_ns, 0);
    SL_CHECK_EQ(report.next_deadline_ns, SL_UNLIMITED);
    SL_CHECK_EQ(host_stats(loop).polls, 6);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_step_that_is_refused_runs_nothing_and_writes_nothing) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    const size_t sizes[] = {0, sizeof(size_t), sizeof(sl_step) + 1, SIZE_MAX};
    sl_report report = {.size = sizeof report, .items = 77};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        sl_step step = host_step();
        step.size = sizes[i];
        SL_CHECK_STATUS(sl_loop_step(loop, &step, &report), SL_STATUS_INVALID_ARGUMENT);
    }
    for (uint32_t bit = 1; bit < 32; ++bit) {
        sl_step step = host_step();
        step.flags = UINT32_C(1) << bit;
        SL_CHECK_STATUS(sl_loop_step(loop, &step, &report), SL_STATUS_INVALID_ARGUMENT);
    }
    sl_report small = {.size = sizeof(size_t), .items = 77};
    SL_CHECK_STATUS(sl_loop_step(loop, NULL, &small), SL_STATUS_INVALID_ARGUMENT);
    small.size = 0;
    SL_CHECK_STATUS(sl_loop_step(loop, NULL, &small), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(small.items, 77);
    SL_CHECK_EQ(report.items, 77);
    SL_CHECK_EQ(item.runs, 0u);
    SL_CHECK_EQ(host_stats(loop).polls, 0);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_report_and_statistics_are_filled_as_far_as_their_size_goes) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    sl_report report;
    memset(&report, 0xaa, sizeof report);
    report.size = offsetof(sl_report, timers);
    SL_CHECK_OK(sl_loop_step(loop, NULL, &report));
    SL_CHECK_EQ(report.size, offsetof(sl_report, timers));
    SL_CHECK_EQ(report.items, 1);
    SL_CHECK_EQ(report.timers, UINT64_C(0xaaaaaaaaaaaaaaaa));

    struct {
        sl_loop_stats stats;
        uint64_t behind;
    } newer;
    memset(&newer, 0xaa, sizeof newer);
    newer.stats.size = sizeof newer;
    SL_CHECK_OK(sl_loop_read_stats(loop, &newer.stats));
    SL_CHECK_EQ(newer.stats.size, sizeof newer);
    SL_CHECK_EQ(newer.stats.posts_run, 1);
    SL_CHECK_EQ(newer.behind, UINT64_C(0xaaaaaaaaaaaaaaaa));

    sl_loop_stats stats = {.size = sizeof(size_t), .polls = 77};
    SL_CHECK_STATUS(sl_loop_read_stats(loop, &stats), SL_STATUS_INVALID_ARGUMENT);
    stats.size = 0;
    SL_CHECK_STATUS(sl_loop_read_stats(loop, &stats), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(stats.polls, 77);
    SL_CHECK_STATUS(sl_loop_read_stats(loop, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_wake_before_the_wait_ends_it) {
    sl_loop *loop = host_loop();
    uint32_t dispatched = 77;
    SL_CHECK_OK(sl_loop_wake(loop));
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    SL_CHECK_EQ(dispatched, 0u);

    sl_step step = host_step();
    step.max_wait_us = SL_UNLIMITED;
    SL_CHECK_OK(sl_loop_wake(loop));
    SL_CHECK_EQ(host_report(loop, &step).items, 0);
    SL_CHECK_EQ(host_stats(loop).parks, 0);
    SL_CHECK_EQ(host_stats(loop).wakes, 2);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(wakes_before_a_look_are_one) {
    sl_loop *loop = host_loop();
    for (int i = 0; i < 1000; ++i) {
        SL_CHECK_OK(sl_loop_wake(loop));
    }
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_stats(loop).wakes, 1);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_stats(loop).wakes, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(work_that_is_ready_needs_no_wait) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item post = {.letter = 'p', .record = &record};
    host_item timer = {.letter = 't', .record = &record};
    host_post(loop, SL_PRIORITY_IDLE, &post);
    host_timer(loop, 0, 0, &timer);
    uint32_t dispatched = 0;
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    SL_CHECK_EQ(dispatched, 2u);
    SL_CHECK_STR_EQ(record.text, "tp");
    SL_CHECK_EQ(host_stats(loop).parks, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct pair {
    sl_loop *mine;
    sl_loop *theirs;
    uint64_t written; /* by one thread before its wake, read by the other after its wait */
    uint64_t answer;
} pair;

enum { LITMUS_ROUNDS = 2000 };

static void *answers(void *argument) {
    pair *shared = (pair *)argument;
    SL_CHECK_OK(sl_loop_attach_thread(shared->theirs));
    for (uint64_t round = 1; round <= LITMUS_ROUNDS; ++round) {
        SL_CHECK_OK(sl_loop_run_once(shared->theirs, UINT32_MAX, NULL));
        SL_CHECK_EQ(shared->written, round);
        shared->answer = round * 3;
        SL_CHECK_OK(sl_loop_wake(shared->mine));
    }
    SL_CHECK_OK(sl_loop_detach_thread(shared->theirs));
    return NULL;
}

SL_TEST(what_was_written_before_a_wake_is_visible_after_the_wait) {
    pair shared = {.mine = host_loop(), .theirs = host_loop()};
    SL_CHECK_OK(sl_loop_detach_thread(shared.theirs));
    pthread_t thread = host_thread(answers, &shared);
    for (uint64_t round = 1; round <= LITMUS_ROUNDS; ++round) {
        shared.written = round;
        SL_CHECK_OK(sl_loop_wake(shared.theirs));
        SL_CHECK_OK(sl_loop_run_once(shared.mine, UINT32_MAX, NULL));
        SL_CHECK_EQ(shared.answer, round * 3);
    }
    host_join(thread);
    SL_CHECK_EQ(host_stats(shared.mine).wakes, LITMUS_ROUNDS);
    SL_CHECK_OK(sl_loop_attach_thread(shared.theirs));
    SL_CHECK_OK(sl_loop_free(shared.theirs));
    SL_CHECK_OK(sl_loop_free(shared.mine));
}

SL_TEST(statistics_add_up_at_every_step) {
    sl_loop_config config = host_loop_config();
    config.clock = SL_CLOCK_VIRTUAL;
    config.post_capacity = 2;
    config.timers_max = 3;
    sl_loop *loop = NULL;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    host_item items[8] = {{.letter = 'a'}};
    for (int i = 0; i < 2; ++i) {
        host_post(loop, SL_PRIORITY_NORMAL, &items[i]);
        SL_CHECK_EQ(host_stats(loop).posts_pending, (uint64_t)i + 1);
    }
    SL_CHECK_STATUS(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, items, host_never),
                    SL_STATUS_FULL);
    for (int i = 2; i < 5; ++i) {
        host_timer(loop, (uint64_t)i, 0, &items[i]);
    }
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, items, host_never, NULL),
                    SL_STATUS_FULL);
    SL_CHECK(host_cancel(loop, items[4].timer));
    SL_CHECK_OK(sl_loop_advance(loop, 2 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 3u);
    host_post(loop, SL_PRIORITY_HIGH, &items[5]);

    sl_loop_stats stats = host_stats(loop);
    SL_CHECK_EQ(stats.posts_accepted, 3);
    SL_CHECK_EQ(stats.posts_run, 2);
    SL_CHECK_EQ(stats.posts_pending, 1);
    SL_CHECK_EQ(stats.posts_refused, 1);
    SL_CHECK_EQ(stats.posts_high_water, 2);
    SL_CHECK_EQ(stats.timers_scheduled, 3);
    SL_CHECK_EQ(stats.timers_fired, 1);
    SL_CHECK_EQ(stats.timers_cancelled, 1);
    SL_CHECK_EQ(stats.timers_active, 1);
    SL_CHECK_EQ(stats.timers_refused, 1);
    SL_CHECK_EQ(stats.polls, 1);
    SL_CHECK_EQ(stats.actions_run, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void new_loop_in_place_of_an_old_one(sl_loop *old) {
    sl_loop *loop = host_loop();
    SL_CHECK(loop != old);
    sl_loop_stats stats = host_stats(loop);
    SL_CHECK_EQ(stats.posts_accepted, 0);
    SL_CHECK_EQ(stats.posts_refused, 0);
    SL_CHECK_EQ(stats.wakes, 0);
    SL_CHECK_EQ(stats.parks, 0);
    SL_CHECK_EQ(stats.polls, 0);
    SL_CHECK_STATUS(sl_loop_wake(old), SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_stats(loop).wakes, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_new_loop_inherits_nothing_from_one_that_was_freed) {
    for (int i = 0; i < 10; ++i) {
        sl_loop *loop = host_loop();
        host_item item = {.letter = 'a'};
        host_post(loop, SL_PRIORITY_NORMAL, &item);
        SL_CHECK_OK(sl_loop_wake(loop));
        SL_CHECK_OK(sl_loop_stop(loop));
        SL_CHECK_OK(sl_loop_run_once(loop, 0, NULL));
        SL_CHECK_OK(sl_loop_run_once(loop, 1, NULL));
        SL_CHECK_OK(sl_loop_wake(loop));
        SL_CHECK_OK(sl_loop_free(loop));
        new_loop_in_place_of_an_old_one(loop);
    }
}
