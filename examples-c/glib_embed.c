/*
 * glib_embed: the loop is a GSource in the host's GMainLoop, beside its timeouts and idles.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/glib_embed.c -o target/glib_embed \
 *      $(pkg-config --cflags --libs glib-2.0) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/glib_embed
 *
 * With CMake (libglib2.0-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.glib_embed --output-on-failure
 */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "scriptloop.h"

enum { POSTS = 100, TASKS = 400, TICKS = 5, TICK_MS = 4, BEATS = 5, BEAT_MS = 3 };
enum { BUDGET_US = 2000, STEPS_MAX = 2000, STUCK_S = 10 };

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* ---- The source: what a host takes over as it is. ---- */

typedef void (*after_step_fn)(gpointer userdata, const sl_report *report);

/* It owns the loop: both end together. */
struct loop_source {
    GSource source;
    sl_loop *loop;
    gpointer fd_tag;
};

static sl_loop *loop_of(GSource *source) {
    return ((struct loop_source *)source)->loop;
}

/* Before GLib waits: with work that is ready it need not. The descriptor tells of timers as well,
 * to the microsecond, so there is no timeout to give. */
static gboolean prepare(GSource *source, gint *timeout_ms) {
    uint64_t wait_ns = 0;
    must(sl_loop_next_deadline(loop_of(source), &wait_ns), "sl_loop_next_deadline");
    *timeout_ms = wait_ns == 0 ? 0 : -1;
    return wait_ns == 0;
}

/* After GLib has waited: readable is ready, for whatever cause. */
static gboolean check(GSource *source) {
    gpointer tag = ((struct loop_source *)source)->fd_tag;
    return (g_source_query_unix_fd(source, tag) & G_IO_IN) != 0;
}

/* What does not fit into the budget is ready in the next round, after GLib has looked at others.
 * The source's callback, if it has one, gets the report. */
static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer userdata) {
    sl_step step;
    sl_report report = {.size = sizeof report};
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = BUDGET_US;
    must(sl_loop_step(loop_of(source), &step, &report), "sl_loop_step");
    if (callback != NULL) {
        ((after_step_fn)(void (*)(void))callback)(userdata, &report);
    }
    return G_SOURCE_CONTINUE;
}

/* With the last reference, which is to be given back on the owner thread. */
static void finalize(GSource *source) {
    must(sl_loop_free(loop_of(source)), "sl_loop_free");
}

static GSourceFuncs loop_source_funcs = {prepare, check, dispatch, finalize, NULL, NULL};

/* A source with a new loop that the calling thread owns. */
static GSource *loop_source_new(void) {
    GSource *source = g_source_new(&loop_source_funcs, sizeof(struct loop_source));
    struct loop_source *ours = (struct loop_source *)source;
    int32_t fd = -1;
    must(sl_loop_new(NULL, &ours->loop), "sl_loop_new");
    must(sl_loop_fd(ours->loop, &fd), "sl_loop_fd");
    ours->fd_tag = g_source_add_unix_fd(source, fd, G_IO_IN);
    g_source_set_name(source, "scriptloop");
    return source;
}

/* ---- The host, with things of its own. ---- */

struct host {
    GMainLoop *main_loop;
    sl_loop *loop;
    atomic_uint letters; /* a mailbox: what a bare wake tells of stands here */
    uint32_t letters_read;
    uint32_t posts;
    uint32_t tasks;
    uint32_t ticks; /* a timer of the loop's */
    uint32_t beats; /* a timeout of GLib's */
    uint32_t redraws;
    uint32_t steps;
    uint32_t steps_cut;
    uint32_t steps_in_a_row; /* with work left and no redraw between them */
    uint32_t noise;
    const char *trouble;
};

static void end_with(struct host *host, const char *trouble) {
    host->trouble = trouble;
    g_main_loop_quit(host->main_loop);
}

static gboolean on_stuck(gpointer userdata) {
    end_with(userdata, "nothing happens any more");
    return G_SOURCE_REMOVE;
}

/* Some tens of microseconds. */
static void on_task(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < 20000; i++) {
        host->noise = host->noise * 1664525u + 1013904223u;
    }
    host->tasks++;
}

/* GLib's own work of the same priority: it has its turn between two steps. */
static gboolean on_redraw(gpointer userdata) {
    struct host *host = userdata;
    host->redraws++;
    host->steps_in_a_row = 0;
    return host->tasks < TASKS ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
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
    host->steps_in_a_row = 0;
    g_idle_add_full(G_PRIORITY_DEFAULT, on_redraw, host, NULL);
}

static void on_tick(void *userdata) {
    struct host *host = userdata;
    host->ticks++;
}

static gboolean on_beat(gpointer userdata) {
    struct host *host = userdata;
    return ++host->beats < BEATS ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* After each step: read the mailbox, and see whether all is done. */
static void on_step(gpointer userdata, const sl_report *report) {
    struct host *host = userdata;
    host->letters_read += atomic_exchange(&host->letters, 0);
    if (report->remaining != 0) {
        host->steps_cut++;
        if (++host->steps_in_a_row > 2 && host->tasks < TASKS) {
            end_with(host, "a source of the same priority had no turn");
        }
    }
    if (++host->steps > STEPS_MAX) {
        end_with(host, "the loop is ready without a cause");
    }
    bool all = host->posts == POSTS && host->letters_read == POSTS && host->tasks == TASKS;
    if (all && host->ticks >= TICKS && host->beats == BEATS) {
        end_with(host, NULL);
    }
}

/* Another thread: half of what it has to say is posted, half is in the mailbox. */
static void *produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < POSTS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_post, host, NULL), "sl_loop_post");
        atomic_fetch_add(&host->letters, 1);
        must(sl_loop_wake(host->loop), "sl_loop_wake");
    }
    return NULL;
}

int main(void) {
    struct host host = {.main_loop = g_main_loop_new(NULL, FALSE)};
    GSource *source = loop_source_new();
    host.loop = loop_of(source);
    g_source_set_callback(source, G_SOURCE_FUNC(on_step), &host, NULL);
    g_source_attach(source, NULL);

    must(sl_loop_schedule_timer(host.loop, TICK_MS, TICK_MS, on_tick, &host, NULL, NULL), "timer");
    g_timeout_add(BEAT_MS, on_beat, &host);
    g_timeout_add_seconds(STUCK_S, on_stuck, &host);
    pthread_t producer;
    if (pthread_create(&producer, NULL, produce, &host) != 0) {
        perror("pthread_create");
        return EXIT_FAILURE;
    }
    g_main_loop_run(host.main_loop);
    pthread_join(producer, NULL);
    g_source_destroy(source); /* out of GLib's loop: no step any more */
    g_source_unref(source);   /* the last reference: frees the loop, drops what is queued */
    g_main_loop_unref(host.main_loop);

    printf("%u posts, %u letters, %u tasks, %u ticks, %u beats, %u redraws in %u steps, %u cut\n",
           host.posts, host.letters_read, host.tasks, host.ticks, host.beats, host.redraws,
           host.steps, host.steps_cut);
    if (host.trouble != NULL || host.steps_cut == 0 || sl_live_handles() != 0) {
        fprintf(stderr, "glib_embed: %s\n",
                host.trouble != NULL ? host.trouble : "no step was cut");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
