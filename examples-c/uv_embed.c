/*
 * uv_embed: the loop lives in the host's uv_loop_t, and the host only calls uv_run.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/uv_embed.c -o target/uv_embed \
 *      $(pkg-config --cflags --libs libuv) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/uv_embed
 *
 * With CMake (libuv1-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.uv_embed --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scriptloop_uv.h"

enum { POSTS = 100, TASKS = 400, TASK_US = 50, TURN_US = 2000, TICKS = 5, TICK_MS = 4 };
enum { BEATS = 10, BEAT_MS = 1, TURNS = 3, STUCK_MS = 10000 };

struct host {
    uv_loop_t uv;
    uv_timer_t beat;  /* the host's other work: a timer, */
    uv_pipe_t pipe;   /* something to read, */
    uv_check_t round; /* and a look at each round of uv_run */
    uv_timer_t stuck; /* ends a run that hangs */
    uv_file pipe_end; /* where the other thread writes */
    sl_loop *loop;
    char room[64];
    uint32_t bytes;
    uint32_t posts;
    uint32_t tasks;
    uint32_t ticks;
    uint32_t beats;
    uint32_t beats_between; /* while there were tasks left */
    uint32_t tasks_before;  /* the last round */
    uint32_t tasks_most;    /* in one round */
    uint32_t turns;         /* rounds that ended with tasks left */
    bool is_stuck;
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

/* ---- What runs on the loop. ---- */

static void on_task(void *userdata) {
    struct host *host = userdata;
    const uint64_t end = uv_hrtime() + TASK_US * UINT64_C(1000);
    while (uv_hrtime() < end) {
    }
    host->tasks++;
}

/* The first post brings ten times more work than fits into one turn. */
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

/* ---- What the host has beside it. ---- */

static bool has_tasks_left(const struct host *host) {
    return host->posts > 0 && host->tasks < TASKS;
}

static void on_beat(uv_timer_t *timer) {
    struct host *host = timer->data;
    host->beats++;
    host->beats_between += has_tasks_left(host);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    struct host *host = handle->data;
    (void)wanted;
    *buffer = uv_buf_init(host->room, sizeof host->room);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct host *host = stream->data;
    (void)buffer;
    must_uv((int)count, "uv_read");
    host->bytes += (uint32_t)count;
}

static void on_stuck(uv_timer_t *timer) {
    struct host *host = timer->data;
    host->is_stuck = true;
    uv_stop(&host->uv);
}

/* At the end of each round of uv_run. */
static void on_round(uv_check_t *check) {
    struct host *host = check->data;
    const uint32_t tasks = host->tasks - host->tasks_before;
    host->tasks_before = host->tasks;
    host->tasks_most = tasks > host->tasks_most ? tasks : host->tasks_most;
    host->turns += tasks > 0 && has_tasks_left(host);
    if (host->posts == POSTS && host->bytes == POSTS && host->tasks == TASKS &&
        host->ticks >= TICKS && host->beats >= BEATS) {
        uv_stop(&host->uv);
    }
}

/* Another thread. Half of what it has to say is for the loop, half for the host's pipe. */
static void produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < POSTS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_post, host, NULL), "sl_loop_post");
        must_uv(write(host->pipe_end, "x", 1) == 1 ? 0 : UV_EIO, "write");
    }
}

static void host_start(struct host *host) {
    uv_file ends[2];
    must_uv(uv_loop_init(&host->uv), "uv_loop_init");
    must_uv(uv_timer_init(&host->uv, &host->beat), "uv_timer_init");
    must_uv(uv_timer_init(&host->uv, &host->stuck), "uv_timer_init");
    must_uv(uv_check_init(&host->uv, &host->round), "uv_check_init");
    must_uv(uv_pipe_init(&host->uv, &host->pipe, 0), "uv_pipe_init");
    must_uv(uv_pipe(ends, UV_NONBLOCK_PIPE, 0), "uv_pipe");
    must_uv(uv_pipe_open(&host->pipe, ends[0]), "uv_pipe_open");
    host->pipe_end = ends[1];
    host->beat.data = host->stuck.data = host->round.data = host->pipe.data = host;
    must_uv(uv_timer_start(&host->beat, on_beat, BEAT_MS, BEAT_MS), "uv_timer_start");
    must_uv(uv_timer_start(&host->stuck, on_stuck, STUCK_MS, 0), "uv_timer_start");
    must_uv(uv_check_start(&host->round, on_round), "uv_check_start");
    must_uv(uv_read_start((uv_stream_t *)&host->pipe, on_room, on_read), "uv_read_start");
}

/* The loop puts handles of its own into the host's uv_loop_t; nothing else is to be done. */
static void embed(struct host *host) {
    sl_loop_config config;
    must(sl_loop_config_init(&config, sizeof config), "sl_loop_config_init");
    config.backend = SL_BACKEND_UV;
    config.uv = sl_uv_functions();
    config.uv_loop = &host->uv;
    config.uv_turn_us = TURN_US;
    must(sl_loop_new(&config, &host->loop), "sl_loop_new");
}

/* Closes what is the host's; the loop has closed its own handles when it was freed. */
static void host_end(struct host *host) {
    uv_close((uv_handle_t *)&host->beat, NULL);
    uv_close((uv_handle_t *)&host->stuck, NULL);
    uv_close((uv_handle_t *)&host->round, NULL);
    uv_close((uv_handle_t *)&host->pipe, NULL);
    close(host->pipe_end);
    must_uv(uv_run(&host->uv, UV_RUN_DEFAULT), "uv_run"); /* lets go of all of them */
    must_uv(uv_loop_close(&host->uv), "uv_loop_close");
}

/* A task takes at least its time, so this holds on the slowest machine as well; one round may have
 * two turns, one for a timer and one for the rest. */
static const char *trouble(const struct host *host) {
    if (host->is_stuck) {
        return "nothing happens any more";
    }
    if (host->tasks_most > 2 * (TURN_US / TASK_US + 1)) {
        return "a turn was longer than it may be";
    }
    if (host->turns < TURNS || host->beats_between < TURNS) {
        return "the host had no turns of its own";
    }
    return sl_live_handles() != 0 ? "something is left" : NULL;
}

int main(void) {
    struct host host = {.loop = NULL};
    host_start(&host);
    embed(&host);
    must(sl_loop_schedule_timer(host.loop, TICK_MS, TICK_MS, on_tick, &host, NULL, NULL), "timer");

    uv_thread_t producer;
    must_uv(uv_thread_create(&producer, produce, &host), "uv_thread_create");
    uv_run(&host.uv, UV_RUN_DEFAULT); /* all of it happens in here, until uv_stop */
    must_uv(uv_thread_join(&producer), "uv_thread_join");
    must(sl_loop_free(host.loop), "sl_loop_free");
    host_end(&host);

    printf("%u posts, %u bytes, %u tasks, at most %u in a round, %u turns, %u ticks, %u beats, "
           "%u of them between tasks\n",
           host.posts, host.bytes, host.tasks, host.tasks_most, host.turns, host.ticks, host.beats,
           host.beats_between);
    if (trouble(&host) != NULL) {
        fprintf(stderr, "uv_embed: %s\n", trouble(&host));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
