/* The two ways to close a loop, which may be mixed. */
#include "drive_test.h"

static sl_status post_to(sl_loop *loop) {
    return sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, NULL, host_never);
}

static void takes_nothing(sl_loop *loop) {
    sl_timer_id id = 7;
    SL_CHECK_STATUS(post_to(loop), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_post(loop, SL_PRIORITY_LOW, host_never, NULL, host_never),
                    SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_post_main(loop, SL_PRIORITY_NORMAL, host_never, NULL, host_never),
                    SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, host_never, "a", 1),
                    SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_schedule_timer(loop, 0, 0, host_never, NULL, host_never, &id),
                    SL_STATUS_CLOSED);
    SL_CHECK_EQ(id, 7u);
    SL_CHECK_OK(sl_loop_wake(loop));
}

static void is_closed(sl_loop *loop) {
    uint32_t dispatched = 7;
    sl_report report = {.size = sizeof report, .items = 7};
    SL_CHECK_STATUS(sl_loop_poll(loop, 1, &dispatched), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_run_once(loop, UINT32_MAX, &dispatched), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_step(loop, NULL, &report), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_run(loop), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_loop_drive_start(loop, NULL), SL_STATUS_CLOSED);
    SL_CHECK_EQ(dispatched, 7u);
    SL_CHECK_EQ(report.items, 7u);
    takes_nothing(loop);
    sl_loop_stats stats = host_stats(loop);
    SL_CHECK_EQ(stats.posts_pending, 0u);
    SL_CHECK_EQ(stats.timers_active, 0u);
}

SL_TEST(close_drops_what_is_queued_at_once) {
    sl_loop *loop = host_loop();
    host_item items[3] = {{0}, {0}, {0}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_IDLE, &items[1]);
    host_timer(loop, 0, 5, &items[2]);
    SL_CHECK_OK(sl_loop_close(loop));
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_EQ(items[i].runs, 0u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    is_closed(loop);
    SL_CHECK_EQ(host_stats(loop).posts_dropped, 2u);
    SL_CHECK_EQ(host_stats(loop).timers_dropped, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_STATUS(sl_loop_close(loop), SL_STATUS_STALE_HANDLE);
}

SL_TEST(close_gracefully_runs_what_is_queued) {
    sl_loop *loop = host_virtual_loop();
    host_item items[4] = {{0}, {0}, {0}, {0}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_IDLE, &items[1]);
    host_timer(loop, 0, 0, &items[2]);
    host_timer(loop, 9, 0, &items[3]); /* not due: dropped */
    SL_CHECK_OK(sl_loop_close_gracefully(loop, 1000));
    for (int i = 0; i < 4; ++i) {
        SL_CHECK_EQ(items[i].runs, i == 3 ? 0u : 1u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_loop_that_drains_takes_nothing_and_polls_as_before) {
    sl_loop *loop = host_loop();
    host_item items[2] = {{0}, {0}};
    uint32_t dispatched = 0;
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    host_post(loop, SL_PRIORITY_NORMAL, &items[1]);
    SL_CHECK_STATUS(sl_loop_close_gracefully(loop, 0), SL_STATUS_TIMEOUT);
    takes_nothing(loop);
    SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched));
    SL_CHECK_EQ(dispatched, 1u);
    SL_CHECK_STATUS(sl_loop_close_gracefully(loop, 0), SL_STATUS_TIMEOUT);
    SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched));
    SL_CHECK_EQ(dispatched, 1u);
    SL_CHECK_OK(sl_loop_close_gracefully(loop, 0));
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(both_may_be_repeated_and_mixed_in_any_order) {
    for (unsigned order = 0; order < 16; ++order) {
        sl_loop *loop = host_loop();
        host_item item = {0};
        host_post(loop, SL_PRIORITY_NORMAL, &item);
        for (unsigned call = 0; call < 4; ++call) {
            if (order & 1u << call) {
                SL_CHECK_OK(sl_loop_close(loop));
            } else {
                SL_CHECK_OK(sl_loop_close_gracefully(loop, UINT32_MAX));
            }
        }
        SL_CHECK_EQ(item.runs, order & 1 ? 0u : 1u);
        SL_CHECK_EQ(item.drops, 1u);
        is_closed(loop);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

SL_TEST(close_turns_a_drain_into_an_end) {
    sl_loop *loop = host_loop();
    host_item item = {0};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_STATUS(sl_loop_close_gracefully(loop, 0), SL_STATUS_TIMEOUT);
    SL_CHECK_OK(sl_loop_close(loop));
    SL_CHECK_EQ(item.runs, 0u);
    SL_CHECK_EQ(item.drops, 1u);
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void close_inside(work *work) {
    SL_CHECK_STATUS(sl_loop_close_gracefully(work->loop, 5), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_OK(sl_loop_wake(work->loop)); /* nothing has changed */
    SL_CHECK_OK(sl_loop_close(work->loop));
    takes_nothing(work->loop);
}

SL_TEST(close_inside_a_callback_ends_the_poll_after_it) {
    sl_loop *loop = host_loop();
    work closes = WORK(loop), never = WORK(loop);
    closes.then = close_inside;
    work_post(&closes);
    work_post(&never);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(event_count(&never.ran), 0u);
    SL_CHECK_EQ(atomic_load(&never.drops), 1u);
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void drain_inside(work *work) {
    SL_CHECK_STATUS(sl_loop_close_gracefully(work->loop, 0), SL_STATUS_TIMEOUT);
}

SL_TEST(close_gracefully_inside_a_callback_lets_the_rest_run) {
    sl_loop *loop = host_loop();
    work closes = WORK(loop), rest = WORK(loop);
    closes.then = drain_inside;
    work_post(&closes);
    work_post(&rest);
    SL_CHECK_EQ(host_poll(loop), 2u);
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *close_it(void *loop) {
    SL_CHECK_OK(sl_loop_close(loop));
    return NULL;
}

static void *drain_it(void *loop) {
    SL_CHECK_OK(sl_loop_close_gracefully(loop, UINT32_MAX));
    return NULL;
}

SL_TEST(close_of_another_thread_ends_the_owners_wait) {
    void *(*const closers[])(void *) = {close_it, drain_it};
    for (int i = 0; i < 2; ++i) {
        sl_loop *loop = host_loop();
        pthread_t closer = host_thread(closers[i], loop);
        SL_CHECK_STATUS(sl_loop_run(loop), SL_STATUS_CLOSED); /* for ever, were it missed */
        host_join(closer);
        is_closed(loop);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

SL_TEST(what_another_thread_closes_is_dropped_by_the_owners_next_call) {
    sl_loop *loop = host_loop();
    host_item item = {0};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    host_join(host_thread(close_it, loop));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(item.runs, 0u);
    SL_CHECK_EQ(item.drops, 1u);
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_driven_loop_is_drained_by_its_thread) {
    sl_loop *loop = host_loop();
    work posts[50];
    SL_CHECK_OK(sl_loop_drive_start(loop, NULL));
    for (int i = 0; i < 50; ++i) {
        posts[i] = (work)WORK(loop);
        work_post(&posts[i]);
    }
    host_join(host_thread(drain_it, loop));
    for (int i = 0; i < 50; ++i) {
        SL_CHECK_EQ(event_count(&posts[i].ran), 1u);
        SL_CHECK_EQ(atomic_load(&posts[i].drops), 1u);
    }
    is_closed(loop);
    while (drive_stats(loop).is_on != 0) { /* it ends by itself */
    }
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_drain_waits_for_what_is_the_owners) {
    sl_loop *loop = host_loop();
    work mine = WORK(loop), behind = WORK(loop);
    drive(loop);
    work_post_main(&mine);
    work_post(&behind);
    event_wait(&behind.ran, 1);
    pthread_t drainer = host_thread(drain_it, loop);
    SL_CHECK_OK(sl_loop_close_gracefully(loop, UINT32_MAX)); /* runs it here */
    host_join(drainer);
    SL_CHECK(work_ran_here(&mine));
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(close_inside_a_driven_callback_ends_the_thread) {
    sl_loop *loop = host_loop();
    work closes = WORK(loop), never = WORK(loop);
    event gate = EVENT_INIT;
    work first = WORK(loop);
    first.gate = &gate;
    closes.then = close_inside;
    drive(loop);
    work_post(&first);
    event_wait(&first.ran, 1);
    work_post(&closes);
    work_post(&never);
    event_set(&gate);
    event_wait(&closes.ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_EQ(event_count(&never.ran), 0u);
    is_closed(loop);
    SL_CHECK_EQ(atomic_load(&never.drops), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void poll_inside(void *userdata) {
    uint32_t dispatched = 0;
    SL_CHECK_STATUS(sl_loop_poll(userdata, 0, &dispatched), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(post_to(userdata), SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_loop_close(userdata));
}

SL_TEST(a_drop_may_use_the_loop_that_is_closing) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, loop, poll_inside));
    SL_CHECK_OK(sl_loop_close(loop));
    is_closed(loop);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void on_action(void *userdata, const sl_action *action) {
    *(uint64_t *)userdata += action->id;
}

SL_TEST(a_drain_runs_the_actions_of_attached_queues_and_an_end_leaves_them) {
    for (int graceful = 0; graceful < 2; ++graceful) {
        sl_loop *loop = host_loop();
        sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
        uint64_t sum = 0;
        SL_CHECK_OK(sl_action_queue_attach(queue, loop, 100, on_action, &sum, NULL));
        SL_CHECK_OK(host_push(queue, 3));
        SL_CHECK_OK(host_push(queue, 4));
        if (graceful) {
            SL_CHECK_OK(sl_loop_close_gracefully(loop, 1000));
            SL_CHECK_EQ(sum, 7u);
        } else {
            SL_CHECK_OK(sl_loop_close(loop));
            SL_CHECK_EQ(sum, 0u);
            SL_CHECK_EQ(host_pop(queue), 3u);
        }
        is_closed(loop);
        SL_CHECK_OK(sl_action_queue_free(queue));
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
