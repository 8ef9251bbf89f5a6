/* Loop: its end. Nothing runs, every drop is called once, and drops may do what they like. */
#include "sl_host.h"

SL_TEST(free_drops_what_is_queued_and_runs_nothing) {
    sl_loop *loop = host_virtual_loop();
    host_item items[8] = {{.letter = 'a'}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_CRITICAL, &items[1]);
    host_post(loop, SL_PRIORITY_IDLE, &items[2]);
    host_timer(loop, 0, 0, &items[3]);
    host_timer(loop, 1000, 0, &items[4]);
    host_timer(loop, 1, 1, &items[5]);
    host_timer(loop, UINT64_MAX, UINT64_MAX, &items[6]);
    SL_CHECK_OK(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, host_never, "x", 1));
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, &items[7], NULL));
    SL_CHECK_OK(sl_loop_free(loop));
    for (int i = 0; i < 7; ++i) {
        SL_CHECK_EQ(items[i].runs, 0u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    SL_CHECK_EQ(items[7].drops, 0u);
}

SL_TEST(free_drops_what_a_budget_left_over) {
    sl_loop *loop = host_virtual_loop();
    host_item items[9] = {{.letter = 'a'}};
    for (int i = 0; i < 3; ++i) {
        host_timer(loop, 0, 0, &items[i]);
    }
    for (int i = 3; i < 6; ++i) {
        host_post(loop, SL_PRIORITY_HIGH, &items[i]);
    }
    for (int i = 6; i < 9; ++i) {
        host_post(loop, SL_PRIORITY_NORMAL, &items[i]);
    }
    SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
    SL_CHECK_OK(sl_loop_free(loop));
    for (int i = 0; i < 9; ++i) {
        SL_CHECK_EQ(items[i].runs, i == 0 ? 1u : 0u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
}

SL_TEST(free_drops_a_hundred_thousand_posts) {
    atomic_uint_fast64_t dropped = 0;
    sl_loop *loop = host_loop();
    for (uint32_t i = 0; i < 100000; ++i) {
        SL_CHECK_OK(sl_loop_post(loop, i % 3 == 0 ? i : SL_PRIORITY_NORMAL, host_never, &dropped,
                                 host_count));
    }
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&dropped), 100000);
}

SL_TEST(what_was_refused_is_not_dropped) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    host_item item = {.letter = 'a'};
    config.post_capacity = 1;
    config.timers_max = 1;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    for (int i = 0; i < 3; ++i) {
        sl_timer_id id = 77;
        sl_status expected = i == 0 ? SL_STATUS_OK : SL_STATUS_FULL;
        sl_drop_fn drop = i == 0 ? host_nothing : host_never;
        SL_CHECK_STATUS(sl_loop_post(loop, 100, host_never, &item, drop), expected);
        SL_CHECK_STATUS(sl_loop_post(loop, 200, host_never, &item, drop), expected);
        SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 9, 9, host_never, &item, drop, &id), expected);
        SL_CHECK_EQ(id == 77, i != 0);
    }
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_STATUS(sl_loop_post(loop, 100, host_never, &item, host_never), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_post(loop, 200, host_never, &item, host_never), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, &item, host_never, NULL),
                    SL_STATUS_STALE_HANDLE);
}

static unsigned meddled;

/* A drop during the loop's end: each call gets a status, and nothing comes of it. */
static void meddles(void *userdata) {
    sl_loop *loop = (sl_loop *)userdata;
    sl_step nested = host_step();
    int32_t fd = -1;
    uint64_t ns = 0;
    nested.flags = SL_STEP_FLAG_NESTED;
    nested.max_wait_us = SL_UNLIMITED;
    SL_CHECK_STATUS(sl_loop_post(loop, 100, host_never, loop, host_never), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_post(loop, 0, host_never, loop, host_never), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 100, host_never, NULL, 0), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, loop, host_never, NULL),
                    SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_poll(loop, 1, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_step(loop, &nested, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_run_once(loop, UINT32_MAX, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_run(loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_detach_thread(loop), SL_STATUS_REENTERED);
    for (uint64_t id = 0; id < 100; ++id) {
        SL_CHECK(!host_cancel(loop, id));
    }
    /* These are harmless, whatever they say. */
    (void)sl_loop_wake(loop);
    (void)sl_loop_stop(loop);
    (void)sl_loop_fd(loop, &fd);
    (void)sl_loop_now(loop, &ns);
    (void)sl_loop_next_deadline(loop, &ns);
    (void)sl_loop_attach_thread(loop);
    sl_loop_stats stats = host_stats(loop);
    SL_CHECK_EQ(stats.posts_dropped, 2);
    SL_CHECK_EQ(stats.timers_dropped, 2);
    SL_CHECK_EQ(stats.posts_pending, 0);
    ++meddled;
}

SL_TEST(a_drop_that_uses_the_loop_during_its_end_does_no_harm) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, 100, host_never, loop, meddles));
    SL_CHECK_OK(sl_loop_post(loop, 1, host_never, loop, meddles));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 0, 0, host_never, loop, meddles, NULL));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 99, 99, host_never, loop, meddles, NULL));
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(meddled, 4u);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_STALE_HANDLE);
}

static void posts_again(void *userdata) {
    host_item *item = (host_item *)userdata;
    if (++item->drops == 1) {
        SL_CHECK_OK(sl_loop_post(item->loop, SL_PRIORITY_NORMAL, host_run, item->more, host_drop));
        SL_CHECK_STATUS(sl_loop_poll(item->loop, 0, NULL), SL_STATUS_REENTERED);
    }
}

SL_TEST(a_drop_after_a_run_may_post_again) {
    sl_loop *loop = host_loop();
    host_item next = {.letter = 'b'};
    host_item item = {.letter = 'a', .loop = loop, .more = &next};
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, &item, posts_again));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_EQ(next.runs, 0u);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(next.runs, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_drops_of_one_loop_may_use_another) {
    sl_loop *loop = host_loop();
    sl_loop *other = host_loop();
    host_item next = {.letter = 'b'};
    host_item item = {.letter = 'a', .loop = other, .more = &next};
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, &item, host_drop));
    SL_CHECK_OK(sl_loop_post(other, SL_PRIORITY_NORMAL, host_run, &next, host_drop));
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(item.drops, 1u);
    SL_CHECK_EQ(host_poll(other), 1u);
    SL_CHECK_OK(sl_loop_free(other));
}

SL_TEST(a_loop_is_freed_once_and_null_as_often_as_one_likes) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_free(NULL));
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_STALE_HANDLE);
    sl_loop *next = host_loop();
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_STALE_HANDLE);
    SL_CHECK_OK(sl_loop_free(next));
    SL_CHECK_OK(sl_loop_free(NULL));
}

SL_TEST(posts_and_timers_after_the_end_are_the_callers) {
    sl_loop *loop = host_loop();
    sl_loop *old = loop;
    SL_CHECK_OK(sl_loop_free(loop));
    loop = host_loop();
    for (uint32_t priority = 99; priority < 102; ++priority) {
        SL_CHECK_STATUS(sl_loop_post(old, priority, host_never, NULL, host_never),
                        SL_STATUS_STALE_HANDLE);
        SL_CHECK_STATUS(sl_loop_post_copy(old, priority, host_never, "a", 1),
                        SL_STATUS_STALE_HANDLE);
    }
    SL_CHECK_EQ(host_stats(loop).posts_accepted, 0);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}
