/*
 * uv_backend: a loop with a uv_loop_t of its own, in which the host reads a pipe: first in frames
 * with a budget, then in the background.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/uv_backend.c -o target/uv_backend \
 *      $(pkg-config --cflags --libs libuv) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/uv_backend
 *
 * With CMake (libuv1-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.uv_backend --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scriptloop_uv.h"

enum { MESSAGES = 100, TASKS = 200, TASK_US = 50, BUDGET_US = 1000, FRAME_US = 3000 };
enum { CUT_MIN = 3, FRAMES_MAX = 10000 };

struct host {
    sl_loop *loop;
    uv_loop_t *uv;    /* the loop's own */
    uv_pipe_t pipe;   /* the host's, in there */
    uv_file pipe_end; /* where the other thread writes */
    uv_sem_t all_read;
    uv_thread_t main;
    char room[64];
    uint32_t messages;
    uint32_t messages_wanted;
    uint32_t messages_here; /* read on the main thread */
    uint32_t tasks;
    uint32_t frames;
    uint32_t frames_cut;
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

static void must_be(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "uv_backend: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void on_task(void *userdata) {
    struct host *host = userdata;
    const uint64_t end = uv_hrtime() + TASK_US * UINT64_C(1000);
    while (uv_hrtime() < end) {
    }
    host->tasks++;
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    struct host *host = handle->data;
    (void)wanted;
    *buffer = uv_buf_init(host->room, sizeof host->room);
}

/* libuv's callbacks run inside of the loop's steps, on the thread that makes them. The first
 * message brings more work than fits into a frame. */
static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct host *host = stream->data;
    const uv_thread_t self = uv_thread_self();
    (void)buffer;
    must_uv((int)count, "uv_read");
    for (uint32_t i = 0; host->messages == 0 && i < TASKS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_task, host, NULL), "sl_loop_post");
    }
    host->messages += (uint32_t)count;
    host->messages_here += uv_thread_equal(&self, &host->main) ? (uint32_t)count : 0;
    if (host->messages == host->messages_wanted) {
        uv_sem_post(&host->all_read);
    }
}

/* Another thread, or another program: somebody who writes. */
static void produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        must_uv(write(host->pipe_end, "x", 1) == 1 ? 0 : UV_EIO, "write");
    }
}

static void start(struct host *host) {
    sl_loop_config config;
    void *uv = NULL;
    uv_file ends[2];
    must(sl_loop_config_init(&config, sizeof config), "sl_loop_config_init");
    config.backend = SL_BACKEND_UV;
    config.uv = sl_uv_functions();
    must(sl_loop_new(&config, &host->loop), "sl_loop_new");
    must(sl_loop_uv_loop(host->loop, &uv), "sl_loop_uv_loop");
    host->uv = uv;
    must_uv(uv_pipe(ends, UV_NONBLOCK_PIPE, 0), "uv_pipe");
    must_uv(uv_pipe_init(host->uv, &host->pipe, 0), "uv_pipe_init");
    must_uv(uv_pipe_open(&host->pipe, ends[0]), "uv_pipe_open");
    host->pipe_end = ends[1];
    host->pipe.data = host;
    must_uv(uv_read_start((uv_stream_t *)&host->pipe, on_room, on_read), "uv_read_start");
}

/* A frame waits for what comes, but no longer than it lasts, and works for its budget. */
static void frame(struct host *host) {
    sl_step step;
    sl_report report = {.size = sizeof report};
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = BUDGET_US;
    step.max_wait_us = FRAME_US;
    must(sl_loop_step(host->loop, &step, &report), "sl_loop_step");
    host->frames_cut += report.remaining != 0;
    host->frames++;
    must_be(report.timers + report.posts <= BUDGET_US / TASK_US + 1, "a frame was not cut");
    must_be(host->frames < FRAMES_MAX, "nothing happens any more");
}

int main(void) {
    struct host host = {.loop = NULL, .main = uv_thread_self()};
    uv_thread_t producer;
    must_uv(uv_sem_init(&host.all_read, 0), "uv_sem_init");
    start(&host);

    host.messages_wanted = MESSAGES;
    must_uv(uv_thread_create(&producer, produce, &host), "uv_thread_create");
    while (host.messages < MESSAGES || host.tasks < TASKS) {
        frame(&host);
    }
    must_uv(uv_thread_join(&producer), "uv_thread_join");
    uv_sem_wait(&host.all_read);
    must_be(host.frames_cut >= CUT_MIN, "no frame was cut");
    must_be(host.messages_here == MESSAGES, "a message was read elsewhere");

    /* The same in the background: this thread has nothing to do but to wait. */
    host.messages_wanted = 2 * MESSAGES;
    must(sl_loop_drive_start(host.loop, NULL), "sl_loop_drive_start");
    must_uv(uv_thread_create(&producer, produce, &host), "uv_thread_create");
    uv_sem_wait(&host.all_read);
    must_uv(uv_thread_join(&producer), "uv_thread_join");
    must(sl_loop_drive_stop(host.loop), "sl_loop_drive_stop");
    must_be(host.messages_here == MESSAGES, "a message was read on the wrong thread");

    /* What is the host's has to be closed first; the loop lets go of it and closes its uv_loop_t.
     */
    must_be(sl_loop_free(host.loop) == SL_STATUS_BUSY, "a loop was freed under an open handle");
    uv_close((uv_handle_t *)&host.pipe, NULL);
    must(sl_loop_free(host.loop), "sl_loop_free");
    close(host.pipe_end);
    uv_sem_destroy(&host.all_read);
    printf("%u messages, %u of them in %u frames, %u frames cut\n", host.messages,
           host.messages_here, host.frames, host.frames_cut);
    must_be(sl_live_handles() == 0, "something is left");
    return EXIT_SUCCESS;
}
