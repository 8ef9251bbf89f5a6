/* Loop: what runs first, how much of it fits into a poll, and what waits for the next one. */
#include "sl_host.h"

SL_TEST(timers_run_first_and_then_posts_by_priority) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    const uint32_t priorities[] = {SL_PRIORITY_IDLE, SL_PRIORITY_LOW, SL_PRIORITY_NORMAL,
                                   SL_PRIORITY_CRITICAL, SL_PRIORITY_HIGH};
    host_item items[6];
    for (int i = 0; i < 5; ++i) {
        items[i] = (host_item){.letter = "ilnch"[i], .record = &record};
        host_post(loop, priorities[i], &items[i]);
    }
    items[5] = (host_item){.letter = 't', .record = &record};
    host_timer(loop, 0, 0, &items[5]);

    sl_report report = host_report(loop, NULL);
    SL_CHECK_STR_EQ(record.text, "tchnli");
    SL_CHECK_EQ(report.timers, 1);
    SL_CHECK_EQ(report.posts, 5);
    for (int i = 0; i < 6; ++i) {
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

/* Mistake: priorities that are accepted and ignored. */
SL_TEST(any_number_is_a_priority) {
    const uint32_t priorities[] = {UINT32_MAX, 101, 99, 100, 0, 1, UINT32_MAX - 1, 51};
    sl_loop *loop = host_loop();
    host_record record = {.len = 0};
    host_item items[8];
    for (int i = 0; i < 8; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
        host_post(loop, priorities[i], &items[i]);
    }
    SL_CHECK_EQ(host_poll(loop), 8u);
    SL_CHECK_STR_EQ(record.text, "efhcdbga");
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct line {
    uint32_t next;
} line;

static line lines[3];

static void in_line(void *bytes) {
    uint32_t what[2];
    memcpy(what, bytes, sizeof what);
    SL_CHECK_EQ(lines[what[0]].next++, what[1]);
}

/* More than any ring inside holds. */
enum { MANY = 5000 };

SL_TEST(posts_of_one_priority_run_in_the_order_of_their_arrival) {
    const uint32_t priorities[] = {SL_PRIORITY_HIGH, SL_PRIORITY_NORMAL, SL_PRIORITY_LOW};
    sl_loop *loop = host_loop();
    for (uint32_t i = 0; i < MANY; ++i) {
        for (uint32_t which = 0; which < 3; ++which) {
            const uint32_t what[2] = {which, i};
            SL_CHECK_OK(sl_loop_post_copy(loop, priorities[which], in_line, what, sizeof what));
        }
    }
    sl_step step = host_step();
    step.max_items = 7;
    uint64_t ran = 0;
    while (ran < UINT64_C(3) * MANY) {
        sl_report report = host_report(loop, &step);
        SL_CHECK(report.items != 0 && report.items <= 7);
        ran += report.items;
        SL_CHECK_EQ(report.remaining, UINT64_C(3) * MANY - ran);
        SL_CHECK_EQ(lines[1].next != 0 && lines[0].next != MANY, false);
        SL_CHECK_EQ(lines[2].next != 0 && lines[1].next != MANY, false);
    }
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_poll_without_budget_runs_one_item) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[5];
    for (int i = 0; i < 5; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
    }
    host_timer(loop, 0, 0, &items[0]);
    host_timer(loop, 0, 0, &items[1]);
    host_post(loop, SL_PRIORITY_HIGH, &items[2]);
    host_post(loop, SL_PRIORITY_NORMAL, &items[3]);
    host_post(loop, SL_PRIORITY_NORMAL, &items[4]);
    for (uint32_t i = 1; i <= 5; ++i) {
        uint32_t dispatched = 77;
        SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched));
        SL_CHECK_EQ(dispatched, 1u);
        SL_CHECK_EQ(record.len, i);
        SL_CHECK_EQ(host_next_deadline(loop), i < 5 ? 0 : SL_UNLIMITED);
    }
    SL_CHECK_STR_EQ(record.text, "abcde");
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_budget_is_overrun_by_one_item_at_most) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[6];
    for (int i = 0; i < 6; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i),
                               .record = &record,
                               .loop = loop,
                               .takes_ns = 3 * HOST_MS / 2};
    }
    host_timer(loop, 0, 0, &items[0]);
    for (int i = 1; i < 6; ++i) {
        host_post(loop, SL_PRIORITY_NORMAL, &items[i]);
    }
    sl_step step = host_step();
    step.max_work_us = 4000;
    sl_report report = host_report(loop, &step);
    SL_CHECK_STR_EQ(record.text, "abc");
    SL_CHECK_EQ(report.items, 3);
    SL_CHECK_EQ(report.remaining, 3);
    SL_CHECK_EQ(report.elapsed_ns, 9 * HOST_MS / 2);
    SL_CHECK_EQ(report.overshoot_ns, HOST_MS / 2);
    SL_CHECK_EQ(report.next_deadline_ns, 0);

    uint32_t dispatched = 0;
    SL_CHECK_OK(sl_loop_poll(loop, 3, &dispatched));
    SL_CHECK_EQ(dispatched, 2u);
    report = host_report(loop, &step);
    SL_CHECK_STR_EQ(record.text, "abcdef");
    SL_CHECK_EQ(report.items, 1);
    SL_CHECK_EQ(report.overshoot_ns, 0);
    SL_CHECK_EQ(report.remaining, 0);
    SL_CHECK_EQ(report.next_deadline_ns, SL_UNLIMITED);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_step_without_a_budget_of_time_runs_everything) {
    sl_loop *loop = host_virtual_loop();
    host_item items[4];
    for (int i = 0; i < 4; ++i) {
        items[i] = (host_item){.loop = loop, .takes_ns = SL_UNLIMITED / 8};
        host_post(loop, SL_PRIORITY_NORMAL, &items[i]);
    }
    sl_report report = host_report(loop, NULL);
    SL_CHECK_EQ(report.items, 4);
    SL_CHECK_EQ(report.overshoot_ns, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_is_left_keeps_its_order_and_lets_the_more_urgent_pass) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[6];
    const uint32_t priorities[] = {SL_PRIORITY_LOW, SL_PRIORITY_LOW,      SL_PRIORITY_LOW,
                                   SL_PRIORITY_LOW, SL_PRIORITY_CRITICAL, SL_PRIORITY_NORMAL};
    for (int i = 0; i < 6; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
    }
    for (int i = 0; i < 3; ++i) {
        host_post(loop, priorities[i], &items[i]);
    }
    SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
    for (int i = 3; i < 6; ++i) {
        host_post(loop, priorities[i], &items[i]);
    }
    SL_CHECK_EQ(host_poll(loop), 5u);
    SL_CHECK_STR_EQ(record.text, "aefbcd");
    SL_CHECK_OK(sl_loop_free(loop));
}

static void post_again(host_item *item) {
    uint32_t *priority = (uint32_t *)item->more;
    item->drops = 0;
    host_post(item->loop, *priority, item);
}

/* Mistake: a handler that queues events and so never lets a tick end. */
SL_TEST(a_handler_that_posts_itself_runs_once_per_poll) {
    uint32_t priorities[] = {SL_PRIORITY_CRITICAL, SL_PRIORITY_NORMAL, SL_PRIORITY_IDLE};
    for (int which = 0; which < 3; ++which) {
        sl_loop *loop = host_virtual_loop();
        host_item item = {.letter = 'a', .loop = loop, .then = post_again};
        item.more = &priorities[which];
        host_post(loop, priorities[which], &item);
        for (unsigned i = 1; i <= 100; ++i) {
            item.drops = 0;
            sl_report report = host_report(loop, NULL);
            SL_CHECK_EQ(report.items, 1);
            SL_CHECK_EQ(report.remaining, 1);
            SL_CHECK_EQ(item.runs, i);
        }
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

static void post_more(host_item *item) {
    host_item *others = (host_item *)item->more;
    host_post(item->loop, SL_PRIORITY_CRITICAL, &others[0]);
    host_post(item->loop, SL_PRIORITY_NORMAL, &others[1]);
    host_timer(item->loop, 0, 0, &others[2]);
}

SL_TEST(what_a_callback_queues_waits_for_the_next_poll) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item others[3];
    for (int i = 0; i < 3; ++i) {
        others[i] = (host_item){.letter = (char)('x' + i), .record = &record};
    }
    host_item first = {.letter = 'a', .record = &record, .loop = loop, .then = post_more};
    host_item last = {.letter = 'b', .record = &record};
    first.more = others;
    host_post(loop, SL_PRIORITY_NORMAL, &first);
    host_post(loop, SL_PRIORITY_LOW, &last);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_STR_EQ(record.text, "ab");
    SL_CHECK_EQ(host_poll(loop), 3u);
    SL_CHECK_STR_EQ(record.text, "abzxy");
    SL_CHECK_OK(sl_loop_free(loop));
}

static void bound_holds(uint32_t capacity, uint32_t priority, uint32_t left_by_polls) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    config.post_capacity = capacity;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    host_item *items = (host_item *)calloc(capacity + left_by_polls, sizeof *items);
    SL_CHECK(items != NULL);
    for (uint32_t i = 0; i < capacity; ++i) {
        host_post(loop, priority, &items[i]);
    }
    for (uint32_t i = 0; i < left_by_polls; ++i) {
        SL_CHECK_STATUS(sl_loop_post(loop, priority, host_never, NULL, host_never), SL_STATUS_FULL);
        SL_CHECK_STATUS(sl_loop_post_copy(loop, priority, host_never, NULL, 0), SL_STATUS_FULL);
        SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
        host_post(loop, priority, &items[capacity + i]);
    }
    sl_loop_stats stats = host_stats(loop);
    SL_CHECK_EQ(stats.posts_refused, 2 * left_by_polls);
    SL_CHECK_EQ(stats.posts_pending, capacity);
    SL_CHECK_EQ(host_poll(loop), capacity);
    SL_CHECK_OK(sl_loop_free(loop));
    free(items);
}

SL_TEST(a_bound_refuses_exactly_at_its_number) {
    const uint32_t capacities[] = {1, 2, 3, 7, 1000, 1024, 1025, 3000};
    for (int i = 0; i < 8; ++i) {
        bound_holds(capacities[i], SL_PRIORITY_NORMAL, 3);
        bound_holds(capacities[i], SL_PRIORITY_HIGH, 1);
    }
}

SL_TEST(what_a_poll_left_over_counts_for_the_bound_of_other_priorities) {
    bound_holds(3, SL_PRIORITY_HIGH, 3);
    bound_holds(100, SL_PRIORITY_IDLE, 10);
}

SL_TEST(the_two_bounds_do_not_touch_each_other) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    config.post_capacity = 1;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    host_item items[2] = {{.letter = 'a'}, {.letter = 'b'}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_LOW, &items[1]);
    SL_CHECK_STATUS(sl_loop_post(loop, SL_PRIORITY_IDLE, host_never, NULL, NULL), SL_STATUS_FULL);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_post_that_runs_waits_no_longer) {
    uint32_t priorities[] = {SL_PRIORITY_NORMAL, SL_PRIORITY_HIGH};
    for (int which = 0; which < 2; ++which) {
        sl_loop_config config = host_loop_config();
        sl_loop *loop = NULL;
        config.post_capacity = 1;
        SL_CHECK_OK(sl_loop_new(&config, &loop));
        host_item item = {.letter = 'a', .loop = loop, .then = post_again};
        item.more = &priorities[which];
        host_post(loop, priorities[which], &item);
        for (int i = 0; i < 3; ++i) {
            item.drops = 0;
            SL_CHECK_EQ(host_poll(loop), 1u);
        }
        SL_CHECK_EQ(host_stats(loop).posts_refused, 0);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
