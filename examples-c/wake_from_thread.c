/*
 * wake_from_thread: a worker fills a mailbox of its own and wakes the loop; then it posts.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/wake_from_thread.c -o target/wake_from_thread \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/wake_from_thread
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.wake_from_thread --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

enum { ASSETS = 8, WAIT_MS = 5000, WAITS_MAX = 100 };

/* Everything the two threads share; `lock` guards `sums` and `ready`. */
struct mailbox {
    sl_loop *loop;
    pthread_mutex_t lock;
    uint32_t sums[ASSETS];
    uint32_t ready;
    bool finished; /* only the loop's thread touches it */
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static uint32_t load_asset(uint32_t number) {
    uint32_t sum = number;
    for (uint32_t i = 0; i < 200000; i++) {
        sum = sum * 1664525u + 1013904223u;
    }
    return sum;
}

/* Runs on the loop's thread, after everything that was posted before it. */
static void all_loaded(void *userdata) {
    struct mailbox *mailbox = userdata;
    mailbox->finished = true;
}

static void *load_all(void *userdata) {
    struct mailbox *mailbox = userdata;
    for (uint32_t i = 0; i < ASSETS; i++) {
        uint32_t sum = load_asset(i);
        pthread_mutex_lock(&mailbox->lock);
        mailbox->sums[mailbox->ready++] = sum;
        pthread_mutex_unlock(&mailbox->lock);
        /* A wake carries no data and runs nothing: it only ends the loop's wait. */
        must(sl_loop_wake(mailbox->loop), "sl_loop_wake");
    }
    /* A post carries a function: it runs on the thread that polls. */
    must(sl_loop_post(mailbox->loop, SL_PRIORITY_NORMAL, all_loaded, mailbox, NULL), "post");
    return NULL;
}

int main(void) {
    struct mailbox mailbox = {.lock = PTHREAD_MUTEX_INITIALIZER};
    must(sl_loop_new(NULL, &mailbox.loop), "sl_loop_new");

    pthread_t worker;
    if (pthread_create(&worker, NULL, load_all, &mailbox) != 0) {
        perror("pthread_create");
        return EXIT_FAILURE;
    }

    uint32_t seen = 0;
    uint32_t wrong = 0;
    uint32_t waits = 0;
    /* Wakes coalesce: one wait may find several assets, so take all that are there. */
    while (!mailbox.finished && waits < WAITS_MAX) {
        must(sl_loop_run_once(mailbox.loop, WAIT_MS, NULL), "sl_loop_run_once");
        waits++;
        uint32_t sums[ASSETS];
        pthread_mutex_lock(&mailbox.lock);
        uint32_t ready = mailbox.ready;
        memcpy(sums, mailbox.sums, sizeof sums);
        pthread_mutex_unlock(&mailbox.lock);
        for (; seen < ready; seen++) {
            wrong += sums[seen] != load_asset(seen);
            printf("wait %u: asset %u has sum %08x\n", waits, seen, sums[seen]);
        }
    }
    pthread_join(worker, NULL);
    must(sl_loop_free(mailbox.loop), "sl_loop_free");

    if (!mailbox.finished || seen != ASSETS || wrong != 0) {
        fprintf(stderr, "wake_from_thread: %u of %d assets, %u wrong\n", seen, ASSETS, wrong);
        return EXIT_FAILURE;
    }
    printf("%u assets in %u waits\n", seen, waits);
    return EXIT_SUCCESS;
}
