/* A loop with a uv_loop_t of its own, in which the host has handles. */
#include "uv_test.h"

#include <sys/select.h>
#include <unistd.h>

SL_TEST(the_hosts_handles_run_in_polls_and_waits) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    uv_ticker ticker = {.ticks = 0};
    uv_ticker_start(uv_loop, &ticker, 0, 0);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(ticker.ticks, 1u);
    SL_CHECK_EQ(uv_timer_start(&ticker.timer, uv_tick, 1, 0), 0);
    while (ticker.ticks < 2) {
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL)); /* for ever, were it not seen */
    }
    uv_ticker_close(&ticker);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void post_to_loop(uv_ticker *ticker) {
    work_post((work *)ticker->more);
}

SL_TEST(what_the_hosts_callbacks_post_runs_in_the_same_wait) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    work post = WORK(loop);
    uv_ticker ticker = {.then = post_to_loop, .more = &post};
    uint32_t dispatched = 0;
    uv_ticker_start(uv_loop, &ticker, 1, 0);
    while (dispatched == 0) {
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    }
    SL_CHECK_EQ(event_count(&post.ran), 1u);
    uv_ticker_close(&ticker);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void step_inside(uv_ticker *ticker) {
    sl_loop *loop = (sl_loop *)ticker->more;
    sl_step step = host_step();
    uint32_t dispatched = 0;
    SL_CHECK_STATUS(sl_loop_poll(loop, 1, &dispatched), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_REENTERED);
    step.flags = SL_STEP_FLAG_NESTED;
    step.max_wait_us = 100; /* libuv is not run inside of itself */
    SL_CHECK_EQ(host_report(loop, &step).posts, 1u);
    SL_CHECK_EQ(host_report(loop, &step).posts, 0u);
}

SL_TEST(a_callback_of_the_hosts_may_make_a_nested_step) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    uv_ticker ticker = {.then = step_inside, .more = loop};
    uv_ticker_start(uv_loop, &ticker, 0, 0);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(ticker.ticks, 1u);
    uv_ticker_close(&ticker);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void take_5_ms(uv_ticker *ticker) {
    uint64_t end = uv_hrtime() + 5 * HOST_MS;
    (void)ticker;
    while (uv_hrtime() < end) {
    }
}

SL_TEST(time_of_the_hosts_callbacks_counts_for_the_budget) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    uv_ticker ticker = {.then = take_5_ms};
    sl_step step = host_step();
    uv_ticker_start(uv_loop, &ticker, 0, 0);
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    }
    step.max_work_us = 4000;
    sl_report report = host_report(loop, &step);
    SL_CHECK_EQ(report.items, 1u); /* progress is certain, and no more than that */
    SL_CHECK_EQ(report.remaining, 2u);
    SL_CHECK(report.overshoot_ns >= HOST_MS);
    SL_CHECK(report.elapsed_ns >= 5 * HOST_MS);
    uv_ticker_close(&ticker);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_loop_is_not_freed_under_the_hosts_handles) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    uv_ticker ticker = {.ticks = 0};
    host_item item = {0};
    uv_ticker_start(uv_loop, &ticker, 1000, 0);
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_BUSY);
    SL_CHECK_EQ(item.drops, 0u); /* nothing has changed */
    SL_CHECK_EQ(host_poll(loop), 1u);
    uv_ticker_close(&ticker);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void on_done(uv_work_t *request, int status) {
    SL_CHECK_EQ(status, 0);
    event_set((event *)request->data);
}

static void wait_for_it(uv_work_t *request) {
    event_wait((event *)request->data, 1);
}

SL_TEST(a_loop_is_not_freed_under_the_hosts_requests) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    event event = EVENT_INIT;
    uv_work_t request = {.data = &event};
    SL_CHECK_EQ(uv_queue_work(uv_loop, &request, wait_for_it, on_done), 0);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_BUSY);
    event_set(&event);
    while (event_count(&event) < 2) {
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

/* A pipe of the host's whose readable end is in the loop. */
typedef struct watched {
    uv_poll_t poll;
    int fds[2];
    event read;
} watched;

static void on_readable(uv_poll_t *poll, int status, int events) {
    watched *watched = poll->data;
    char byte = 0;
    SL_CHECK_EQ(status, 0);
    SL_CHECK_EQ(events, (int)UV_READABLE);
    SL_CHECK_EQ(read(watched->fds[0], &byte, 1), 1);
    event_set(&watched->read);
}

static void begin_to_watch(void *userdata) {
    watched *watched = userdata;
    SL_CHECK_EQ(uv_poll_start(&watched->poll, UV_READABLE, on_readable), 0);
}

static void stop_watching(void *userdata) {
    uv_close((uv_handle_t *)&((watched *)userdata)->poll, NULL);
}

SL_TEST(a_driven_loop_sees_the_hosts_descriptors) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    watched watched = {.read = EVENT_INIT};
    SL_CHECK_EQ(pipe(watched.fds), 0);
    SL_CHECK_EQ(uv_poll_init(uv_loop, &watched.poll, watched.fds[0]), 0);
    watched.poll.data = &watched;
    drive(loop);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, begin_to_watch, &watched, NULL));
    for (unsigned round = 1; round <= 100; ++round) {
        SL_CHECK_EQ(write(watched.fds[1], "a", 1), 1);
        event_wait(&watched.read, round); /* for ever, were it not seen */
    }
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, stop_watching, &watched, NULL));
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    host_poll(loop);
    SL_CHECK_OK(sl_loop_free(loop));
    close(watched.fds[0]);
    close(watched.fds[1]);
}

SL_TEST(the_descriptor_of_the_loop_sees_the_hosts_handles) {
    uv_loop_t *uv_loop = NULL;
    sl_loop *loop = uv_own(&uv_loop);
    watched watched = {.read = EVENT_INIT};
    int32_t fd = -1;
    SL_CHECK_EQ(pipe(watched.fds), 0);
    SL_CHECK_EQ(uv_poll_init(uv_loop, &watched.poll, watched.fds[0]), 0);
    watched.poll.data = &watched;
    SL_CHECK_OK(sl_loop_fd(loop, &fd));
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, begin_to_watch, &watched, NULL));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_next_deadline(loop), 0u); /* libuv has to look once more */
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_next_deadline(loop), SL_UNLIMITED);
    SL_CHECK_EQ(write(watched.fds[1], "a", 1), 1);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    SL_CHECK_EQ(select(fd + 1, &readable, NULL, NULL, NULL), 1);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(event_count(&watched.read), 1u);
    stop_watching(&watched);
    SL_CHECK_OK(sl_loop_free(loop));
    close(watched.fds[0]);
    close(watched.fds[1]);
}

static void close_ticker(void *userdata) {
    uv_ticker_close(userdata);
}

SL_TEST(a_drain_does_not_wait_for_what_is_the_hosts) {
    for (int driven = 0; driven < 2; ++driven) {
        uv_loop_t *uv_loop = NULL;
        sl_loop *loop = uv_own(&uv_loop);
        uv_ticker ticker = {.ticks = 0};
        uv_idle_t idle;
        uv_ticker_start(uv_loop, &ticker, 1000, 0);
        SL_CHECK_EQ(uv_idle_init(uv_loop, &idle), 0);
        SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, close_ticker, &ticker, NULL));
        if (driven) {
            drive(loop);
        }
        SL_CHECK_OK(sl_loop_close_gracefully(loop, UINT32_MAX)); /* for ever, did it wait */
        uv_close((uv_handle_t *)&idle, NULL);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}
