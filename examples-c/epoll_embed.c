/*
 * epoll_embed: the host keeps its own epoll; the loop is one more descriptor in it.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/epoll_embed.c -o target/epoll_embed \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/epoll_embed
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.epoll_embed --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "scriptloop.h"

enum { POSTS = 100, TICKS = 5, TICK_MS = 4, TURNS_MAX = 2000, STUCK_MS = 10000 };

struct host {
    sl_loop *loop;
    int pipe_read; /* stands for the host's sockets */
    int pipe_write;
    uint32_t posts;
    uint32_t ticks;
    uint32_t bytes;
    uint32_t timeouts;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void must_not_fail(int returned, const char *what) {
    if (returned < 0) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

static void on_post(void *userdata) {
    struct host *host = userdata;
    host->posts++;
}

static void on_tick(void *userdata) {
    struct host *host = userdata;
    host->ticks++;
}

/* Another thread: each message goes through the loop, through the pipe, or is a bare wake. */
static void *produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < POSTS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_post, host, NULL), "sl_loop_post");
        must(sl_loop_wake(host->loop), "sl_loop_wake");
        must_not_fail((int)write(host->pipe_write, "x", 1), "write");
    }
    return NULL;
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN};
    event.data.fd = fd;
    must_not_fail(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* One turn of the host: wait for any of its descriptors, then serve the one that is ready. */
static void turn(struct host *host, int epoll) {
    struct epoll_event events[4];
    /* Without STUCK_MS this would be -1: the loop's descriptor tells of its timers as well. */
    int ready = epoll_wait(epoll, events, 4, STUCK_MS);
    must_not_fail(ready, "epoll_wait");
    host->timeouts += ready == 0;
    for (int i = 0; i < ready; i++) {
        char bytes[64];
        if (events[i].data.fd == host->pipe_read) {
            ssize_t got = read(host->pipe_read, bytes, sizeof bytes);
            must_not_fail((int)got, "read");
            host->bytes += (uint32_t)got;
        } else { /* stays readable while there is work, so a small budget is fine */
            must(sl_loop_poll(host->loop, 2, NULL), "sl_loop_poll");
        }
    }
}

int main(void) {
    struct host host = {0};
    int ends[2];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    must_not_fail(epoll, "epoll_create1");
    must_not_fail(pipe(ends), "pipe");
    host.pipe_read = ends[0];
    host.pipe_write = ends[1];

    int32_t loop_fd = -1;
    must(sl_loop_new(NULL, &host.loop), "sl_loop_new");
    must(sl_loop_fd(host.loop, &loop_fd), "sl_loop_fd");
    must(sl_loop_schedule_timer(host.loop, TICK_MS, TICK_MS, on_tick, &host, NULL, NULL), "timer");
    watch(epoll, loop_fd);
    watch(epoll, host.pipe_read);

    pthread_t producer;
    if (pthread_create(&producer, NULL, produce, &host) != 0) {
        perror("pthread_create");
        return EXIT_FAILURE;
    }
    uint32_t turns = 0;
    while (host.posts < POSTS || host.bytes < POSTS || host.ticks < TICKS) {
        turn(&host, epoll);
        if (++turns == TURNS_MAX || host.timeouts != 0) {
            break;
        }
    }
    pthread_join(producer, NULL);
    must(sl_loop_free(host.loop), "sl_loop_free");
    close(host.pipe_read);
    close(host.pipe_write);
    close(epoll);

    printf("%u posts, %u bytes, %u ticks in %u turns\n", host.posts, host.bytes, host.ticks, turns);
    bool all = host.posts == POSTS && host.bytes == POSTS && host.ticks >= TICKS;
    return all && host.timeouts == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
