/* Timer: taking one back, before it is due, while it is, and while it runs. */
#include "sl_host.h"

SL_TEST(a_cancel_is_true_once) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a'};
    host_timer(loop, 5, 0, &item);
    SL_CHECK(host_cancel(loop, item.timer));
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK(!host_cancel(loop, item.timer));
    SL_CHECK_OK(sl_loop_cancel_timer(loop, item.timer, NULL));
    SL_CHECK_OK(sl_loop_advance(loop, 5 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(item.runs, 0u);
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_EQ(host_stats(loop).timers_cancelled, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_id_that_names_nothing_is_not_cancelled) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a'};
    host_timer(loop, 5, 0, &item);
    const sl_timer_id ids[] = {0,
                               1,
                               item.timer + 1,
                               item.timer - 1,
                               ~item.timer,
                               UINT64_MAX,
                               item.timer ^ (UINT64_C(1) << 40)};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; ++i) {
        SL_CHECK(!host_cancel(loop, ids[i]));
    }
    SL_CHECK_OK(sl_loop_advance(loop, 5 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(!host_cancel(loop, item.timer));
    SL_CHECK_EQ(host_stats(loop).timers_cancelled, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_id_is_never_used_again) {
    sl_loop *loop = host_virtual_loop();
    sl_timer_id last = 0;
    for (int i = 0; i < 10000; ++i) {
        host_item item = {.letter = 'a'};
        host_timer(loop, 1, 0, &item);
        SL_CHECK(item.timer > last);
        SL_CHECK(!host_cancel(loop, last));
        SL_CHECK(host_cancel(loop, item.timer));
        last = item.timer;
    }
    SL_CHECK_EQ(host_stats(loop).timers_active, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void cancels_itself(host_item *item) {
    bool *cancelled = (bool *)item->more;
    *cancelled = host_cancel(item->loop, item->timer);
    SL_CHECK(!host_cancel(item->loop, item->timer));
    SL_CHECK_EQ(item->drops, 0u);
}

SL_TEST(a_one_shot_timer_cannot_be_cancelled_by_its_own_callback) {
    sl_loop *loop = host_virtual_loop();
    bool cancelled = true;
    host_item item = {.letter = 'a', .loop = loop, .then = cancels_itself, .more = &cancelled};
    host_timer(loop, 0, 0, &item);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(!cancelled);
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_EQ(host_stats(loop).timers_cancelled, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_repeating_timer_can_be_cancelled_by_its_own_callback) {
    sl_loop *loop = host_virtual_loop();
    bool cancelled = false;
    host_item item = {.letter = 'a', .loop = loop, .then = cancels_itself, .more = &cancelled};
    host_timer(loop, 0, 1, &item);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(cancelled);
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_OK(sl_loop_advance(loop, 10 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_EQ(host_stats(loop).timers_cancelled, 1);
    SL_CHECK_EQ(host_stats(loop).timers_active, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void cancels_another(host_item *item) {
    host_item *other = (host_item *)item->more;
    SL_CHECK(host_cancel(item->loop, other->timer));
    SL_CHECK_EQ(other->drops, 1u);
}

SL_TEST(a_timer_that_is_due_can_be_cancelled_by_one_before_it) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[4];
    for (int i = 0; i < 4; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record, .loop = loop};
        host_timer(loop, 1, i == 2 ? 1 : 0, &items[i]);
    }
    items[0].then = cancels_another;
    items[0].more = &items[1];
    items[1].then = NULL;
    SL_CHECK_OK(sl_loop_advance(loop, HOST_MS));
    sl_report report = host_report(loop, NULL);
    SL_CHECK_EQ(report.timers, 3);
    SL_CHECK_STR_EQ(record.text, "acd");
    SL_CHECK_EQ(items[1].runs, 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void cancels_and_replaces(host_item *item) {
    host_item *others = (host_item *)item->more;
    SL_CHECK(host_cancel(item->loop, others[0].timer));
    host_timer(item->loop, 0, 0, &others[1]);
}

SL_TEST(a_new_timer_in_the_place_of_a_cancelled_one_does_not_inherit_its_turn) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item others[2] = {{.letter = 'x', .record = &record}, {.letter = 'y', .record = &record}};
    host_item item = {.letter = 'a', .record = &record, .loop = loop};
    item.then = cancels_and_replaces;
    item.more = others;
    host_timer(loop, 0, 0, &item);
    host_timer(loop, 0, 0, &others[0]);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_STR_EQ(record.text, "ay");
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_next_deadline_is_exact_after_the_earliest_was_cancelled) {
    sl_loop *loop = host_virtual_loop();
    const uint64_t delays[] = {1, 2, 3, 200, 300, 70000, 90000, UINT64_C(50000000), 0};
    host_item items[8];
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    for (int i = 7; i >= 0; --i) {
        items[i] = (host_item){.letter = (char)('a' + i)};
        host_timer(loop, delays[i], 0, &items[i]);
        SL_CHECK_EQ(host_next_deadline(loop), delays[i] * HOST_MS);
    }
    for (int i = 0; i < 8; ++i) {
        SL_CHECK_EQ(host_next_deadline(loop), delays[i] * HOST_MS);
        SL_CHECK(host_cancel(loop, items[i].timer));
    }
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(timers_that_were_cancelled_when_due_are_not_ready) {
    sl_loop *loop = host_virtual_loop();
    host_item items[4] = {{.letter = 'a'}};
    for (int i = 0; i < 4; ++i) {
        host_timer(loop, 0, 0, &items[i]);
    }
    sl_step step = host_step();
    step.max_items = 1;
    SL_CHECK_EQ(host_report(loop, &step).remaining, 3);
    SL_CHECK(host_cancel(loop, items[2].timer));
    SL_CHECK_EQ(host_next_deadline(loop), 0);
    SL_CHECK(host_cancel(loop, items[1].timer));
    SL_CHECK(host_cancel(loop, items[3].timer));
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_EQ(host_report(loop, &step).items, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void cancels_the_last(host_item *item) {
    host_item *other = (host_item *)item->more;
    SL_CHECK(host_cancel(item->loop, other->timer));
}

SL_TEST(a_wait_returns_when_its_callback_removed_the_last_timer) {
    sl_loop *loop = host_loop();
    host_item other = {.letter = 'b'};
    host_item item = {.letter = 'a', .loop = loop, .then = cancels_the_last, .more = &other};
    uint32_t dispatched = 0;
    host_timer(loop, UINT64_C(3600000), 1, &other);
    host_timer(loop, 0, 0, &item);
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    SL_CHECK_EQ(dispatched, 1u);
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void drop_schedules(void *userdata) {
    host_item *item = (host_item *)userdata;
    ++item->drops;
    host_timer(item->loop, 0, 0, (host_item *)item->more);
    SL_CHECK(!host_cancel(item->loop, item->timer));
}

SL_TEST(the_drop_of_a_cancelled_timer_may_use_the_loop) {
    sl_loop *loop = host_virtual_loop();
    host_item next = {.letter = 'b'};
    host_item item = {.letter = 'a', .loop = loop, .more = &next};
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 1, 0, host_never, &item, drop_schedules, &item.timer));
    SL_CHECK(host_cancel(loop, item.timer));
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(next.drops, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void drop_frees_the_loop(void *userdata) {
    host_item *item = (host_item *)userdata;
    ++item->drops;
    SL_CHECK_OK(sl_loop_free(item->loop));
}

SL_TEST(the_drop_of_a_cancelled_timer_may_free_the_loop) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop};
    bool cancelled = false;
    SL_CHECK_OK(
        sl_loop_schedule_timer(loop, 1, 0, host_never, &item, drop_frees_the_loop, &item.timer));
    SL_CHECK_OK(sl_loop_cancel_timer(loop, item.timer, &cancelled));
    SL_CHECK(cancelled);
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_STATUS(sl_loop_wake(loop), SL_STATUS_STALE_HANDLE);
}
