/*
 * uv_poll_embed: the loop's descriptor is a uv_poll_t in the host's libuv loop.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/uv_poll_embed.c -o target/uv_poll_embed \
 *      $(pkg-config --cflags --libs libuv) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/uv_poll_embed
 *
 * With CMake (libuv1-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.uv_poll_embed --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "scriptloop.h"

enum { POSTS = 100, TASKS = 400, TICKS = 5, TICK_MS = 4, BEATS = 5, BEAT_MS = 3 };
enum { BUDGET_US = 2000, STEPS_MAX = 2000, STUCK_MS = 10000 };

struct host {
    uv_loop_t uv;
    uv_poll_t poll;   /* the loop's descriptor */
    uv_timer_t beat;  /* libuv's own timers live beside it */
    uv_timer_t stuck; /* ends a run that hangs */
    sl_loop *loop;
    atomic_uint letters; /* a mailbox: what a bare wake tells of stands here */
    uint32_t letters_read;
    uint32_t posts;
    uint32_t tasks;
    uint32_t ticks;
    uint32_t beats;
    uint32_t steps;
    uint32_t steps_cut;
    uint32_t noise;
    const char *trouble;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void must_uv(int returned, const char *what) {
    if (returned < 0) {
        fprintf(stderr, "%s: %s\n", what, uv_strerror(returned));
        exit(EXIT_FAILURE);
    }
}

/* With its handles closed, uv_run returns by itself. */
static void end_with(struct host *host, const char *trouble) {
    host->trouble = trouble;
    uv_handle_t *handles[] = {(uv_handle_t *)&host->poll, (uv_handle_t *)&host->beat,
                              (uv_handle_t *)&host->stuck};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], NULL);
        }
    }
}

static void on_stuck(uv_timer_t *timer) {
    end_with(timer->data, "nothing happens any more");
}

static void on_beat(uv_timer_t *timer) {
    struct host *host = timer->data;
    if (++host->beats == BEATS) {
        must_uv(uv_timer_stop(timer), "uv_timer_stop");
    }
}

static bool all_done(const struct host *host) {
    return host->posts == POSTS && host->letters_read == POSTS && host->tasks == TASKS &&
           host->ticks >= TICKS && host->beats == BEATS;
}

/* Readable: there is something to do, for whatever cause. What does not fit into the budget
 * leaves the descriptor readable, and libuv comes back after its other handles. */
static void on_readable(uv_poll_t *poll, int status, int events) {
    struct host *host = poll->data;
    sl_step step;
    sl_report report = {.size = sizeof report};
    (void)events;
    must_uv(status, "uv_poll");
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = BUDGET_US;
    must(sl_loop_step(host->loop, &step, &report), "sl_loop_step");

    host->letters_read += atomic_exchange(&host->letters, 0);
    host->steps_cut += report.remaining != 0;
    if (++host->steps > STEPS_MAX) {
        end_with(host, "the descriptor is readable without a cause");
    } else if (all_done(host)) {
        end_with(host, NULL);
    }
}

/* Some tens of microseconds. */
static void on_task(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < 20000; i++) {
        host->noise = host->noise * 1664525u + 1013904223u;
    }
    host->tasks++;
}

/* The first post brings more work than fits into one step. */
static void on_post(void *userdata) {
    struct host *host = userdata;
    if (host->posts++ > 0) {
        return;
    }
    for (uint32_t i = 0; i < TASKS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_LOW, on_task, host, NULL), "sl_loop_post");
    }
}

static void on_tick(void *userdata) {
    struct host *host = userdata;
    host->ticks++;
}

/* Another thread, which knows nothing of libuv. Half of what it has to say is posted, half is in
 * the mailbox. */
static void produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < POSTS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_post, host, NULL), "sl_loop_post");
        atomic_fetch_add(&host->letters, 1);
        must(sl_loop_wake(host->loop), "sl_loop_wake");
    }
}

/* The loop as a handle of libuv's: uv_unref the handle if the loop alone is not to keep uv_run
 * from returning. */
static void embed(struct host *host) {
    int32_t fd = -1;
    must(sl_loop_new(NULL, &host->loop), "sl_loop_new");
    must(sl_loop_fd(host->loop, &fd), "sl_loop_fd");
    must_uv(uv_poll_init(&host->uv, &host->poll, fd), "uv_poll_init");
    must_uv(uv_poll_start(&host->poll, UV_READABLE, on_readable), "uv_poll_start");
    host->poll.data = host;
}

int main(void) {
    struct host host = {0};
    must_uv(uv_loop_init(&host.uv), "uv_loop_init");
    embed(&host);
    host.beat.data = host.stuck.data = &host;
    must_uv(uv_timer_init(&host.uv, &host.beat), "uv_timer_init");
    must_uv(uv_timer_init(&host.uv, &host.stuck), "uv_timer_init");
    must_uv(uv_timer_start(&host.beat, on_beat, BEAT_MS, BEAT_MS), "uv_timer_start");
    must_uv(uv_timer_start(&host.stuck, on_stuck, STUCK_MS, 0), "uv_timer_start");
    must(sl_loop_schedule_timer(host.loop, TICK_MS, TICK_MS, on_tick, &host, NULL, NULL), "timer");

    uv_thread_t producer;
    must_uv(uv_thread_create(&producer, produce, &host), "uv_thread_create");
    must_uv(uv_run(&host.uv, UV_RUN_DEFAULT), "uv_run");
    must_uv(uv_thread_join(&producer), "uv_thread_join");
    must(sl_loop_free(host.loop), "sl_loop_free"); /* closes the descriptor: after the handle */
    must_uv(uv_loop_close(&host.uv), "uv_loop_close");

    printf("%u posts, %u letters, %u tasks, %u ticks, %u beats in %u steps, %u cut\n", host.posts,
           host.letters_read, host.tasks, host.ticks, host.beats, host.steps, host.steps_cut);
    if (host.trouble != NULL || host.steps_cut == 0 || sl_live_handles() != 0) {
        fprintf(stderr, "uv_poll_embed: %s\n",
                host.trouble != NULL ? host.trouble : "no step was cut");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
