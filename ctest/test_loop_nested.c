/* Loop: calls from inside a callback of the same loop, refused and nested. */
#include "sl_host.h"

static void calls_what_is_refused(host_item *item) {
    sl_loop *loop = item->loop;
    uint32_t dispatched = 77;
    sl_report report = {.size = sizeof report, .items = 77};
    SL_CHECK_STATUS(sl_loop_poll(loop, 1, &dispatched), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_run_once(loop, 0, &dispatched), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_step(loop, NULL, &report), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_run(loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_detach_thread(loop), SL_STATUS_REENTERED);
    SL_CHECK_EQ(dispatched, 77u);
    SL_CHECK_EQ(report.items, 77);
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    SL_CHECK_EQ(host_next_deadline(loop), 0);
    SL_CHECK_EQ(host_stats(loop).polls, 1);
}

SL_TEST(a_poll_inside_a_callback_is_refused_and_changes_nothing) {
    sl_loop *loop = host_loop();
    host_record record = {.len = 0};
    host_item first = {.letter = 'a', .record = &record, .loop = loop};
    host_item second = {.letter = 'b', .record = &record};
    first.then = calls_what_is_refused;
    host_post(loop, SL_PRIORITY_NORMAL, &first);
    host_post(loop, SL_PRIORITY_NORMAL, &second);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_STR_EQ(record.text, "ab");
    SL_CHECK_OK(sl_loop_free(loop));
}

static void polls_the_other(host_item *item) {
    sl_loop *other = (sl_loop *)item->more;
    SL_CHECK_EQ(host_poll(other), 1u);
    SL_CHECK_OK(sl_loop_free(other));
}

SL_TEST(another_loop_may_be_polled_and_freed_inside_a_callback) {
    sl_loop *loop = host_loop();
    sl_loop *other = host_loop();
    host_item inner = {.letter = 'b'};
    host_item outer = {.letter = 'a', .more = other, .then = polls_the_other};
    host_post(other, SL_PRIORITY_NORMAL, &inner);
    host_post(loop, SL_PRIORITY_NORMAL, &outer);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(inner.drops, 1u);
    SL_CHECK_STATUS(sl_loop_wake(other), SL_STATUS_STALE_HANDLE);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void steps_nested(host_item *item) {
    sl_step step = host_step();
    step.flags = SL_STEP_FLAG_NESTED;
    step.max_items = *(uint32_t *)item->more;
    host_record *record = item->record;
    record->text[record->len++] = '(';
    sl_report report = host_report(item->loop, &step);
    record->text[record->len++] = ')';
    record->text[record->len] = '\0';
    SL_CHECK(step.max_items == 0 || report.items <= step.max_items);
}

static void nests(uint32_t max_items, const char *expected) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[4];
    for (int i = 0; i < 4; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
    }
    items[1].loop = loop;
    items[1].then = steps_nested;
    items[1].more = &max_items;
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_NORMAL, &items[1]);
    host_post(loop, SL_PRIORITY_NORMAL, &items[2]);
    host_post(loop, SL_PRIORITY_LOW, &items[3]);
    while (host_poll(loop) != 0) {
    }
    SL_CHECK_STR_EQ(record.text, expected);
    for (int i = 0; i < 4; ++i) {
        SL_CHECK_EQ(items[i].runs, 1u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

/* Mistake: a nested run-loop that cannot see the outer batch. */
SL_TEST(a_nested_step_sees_what_the_outer_poll_has_not_run) {
    nests(0, "ab(cd)");
    nests(1, "ab(c)d");
}

static void nested_from_a_timer(host_item *item) {
    uint32_t all = 0;
    item->more = &all;
    steps_nested(item);
    item->more = NULL;
}

SL_TEST(a_nested_step_inside_a_timer_runs_the_other_due_timers) {
    sl_loop *loop = host_virtual_loop();
    host_record record = {.len = 0};
    host_item items[4];
    for (int i = 0; i < 4; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
        host_timer(loop, (uint64_t)i, 0, &items[i]);
    }
    items[1].loop = loop;
    items[1].then = nested_from_a_timer;
    items[1].takes_ns = HOST_MS;
    SL_CHECK_OK(sl_loop_advance(loop, 2 * HOST_MS));
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_STR_EQ(record.text, "ab(cd)");
    SL_CHECK_OK(sl_loop_free(loop));
}

static void deeper(host_item *item) {
    unsigned *depth = (unsigned *)item->more;
    if (++*depth < 50) {
        host_item next = {.letter = 'n', .loop = item->loop, .then = deeper, .more = depth};
        host_post(item->loop, SL_PRIORITY_NORMAL, &next);
        sl_step step = host_step();
        step.flags = SL_STEP_FLAG_NESTED;
        SL_CHECK_EQ(host_report(item->loop, &step).items, 1);
        SL_CHECK_EQ(next.drops, 1u);
    }
    SL_CHECK_STATUS(sl_loop_poll(item->loop, 0, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_free(item->loop), SL_STATUS_REENTERED);
}

SL_TEST(steps_nest_as_deep_as_the_host_likes) {
    sl_loop *loop = host_loop();
    unsigned depth = 0;
    host_item item = {.letter = 'n', .loop = loop, .then = deeper, .more = &depth};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(depth, 50u);
    SL_CHECK_EQ(host_stats(loop).posts_run, 50);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_nested_form_is_allowed_outside_of_callbacks_too) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    sl_step step = host_step();
    step.flags = SL_STEP_FLAG_NESTED;
    SL_CHECK_EQ(host_report(loop, &step).items, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void overdue_in_a_nested_step(host_item *item) {
    sl_step step = host_step();
    step.flags = SL_STEP_FLAG_NESTED;
    SL_CHECK_OK(sl_loop_advance(item->loop, 5 * HOST_MS));
    SL_CHECK_EQ(host_report(item->loop, &step).items, 0);
}

SL_TEST(a_repeating_timer_does_not_run_inside_itself_and_goes_on_afterwards) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a', .loop = loop, .then = overdue_in_a_nested_step};
    host_timer(loop, 1, 1, &item);
    for (unsigned i = 1; i <= 10; ++i) {
        SL_CHECK_OK(sl_loop_advance(loop, HOST_MS));
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_EQ(item.runs, i);
        SL_CHECK(host_next_deadline(loop) <= HOST_MS);
    }
    SL_CHECK(host_cancel(loop, item.timer));
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}
