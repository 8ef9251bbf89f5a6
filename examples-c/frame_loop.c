/*
 * frame_loop: a 60 Hz frame that gives the loop at most 2 ms and carries the rest over.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/frame_loop.c -o target/frame_loop \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/frame_loop
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.frame_loop --output-on-failure
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scriptloop.h"

enum { TASKS = 400, FRAMES_MAX = 600, FRAME_NS = 16666667, BUDGET_US = 2000 };

struct world {
    uint32_t tasks_done;
    uint32_t out_of_order;
    uint32_t blinks;
    uint32_t noise;
};

struct task {
    struct world *world;
    uint32_t number;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* One piece of main-thread work: some tens of microseconds, as a decoded packet might cost. */
static void run_task(void *userdata) {
    const struct task *task = userdata;
    struct world *world = task->world;

    for (uint32_t i = 0; i < 20000; i++) {
        world->noise = world->noise * 1664525u + 1013904223u;
    }
    if (task->number != world->tasks_done) {
        world->out_of_order++;
    }
    world->tasks_done++;
}

static void blink(void *userdata) {
    struct world *world = userdata;
    world->blinks++;
}

/* Stands for the buffer swap, in which an engine blocks until the display is ready. */
static void wait_for_vsync(struct timespec *tick) {
    tick->tv_nsec += FRAME_NS;
    if (tick->tv_nsec >= 1000000000L) {
        tick->tv_nsec -= 1000000000L;
        tick->tv_sec++;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, tick, NULL) == EINTR) {
    }
}

int main(void) {
    struct world world = {0};
    sl_loop *loop = NULL;
    must(sl_loop_new(NULL, &loop), "sl_loop_new");
    must(sl_loop_schedule_timer(loop, 0, 50, blink, &world, NULL, NULL), "schedule_timer");

    /* More work than one frame can take. The bytes are copied, so nothing has to be freed. */
    for (uint32_t i = 0; i < TASKS; i++) {
        struct task task = {&world, i};
        must(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, run_task, &task, sizeof task), "post");
    }

    sl_step step;
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = BUDGET_US;

    struct timespec tick;
    clock_gettime(CLOCK_MONOTONIC, &tick);
    uint64_t items = 0;
    uint32_t frame = 0;
    for (; frame < FRAMES_MAX && world.tasks_done < TASKS; frame++) {
        /* simulate and render here */
        sl_report report = {.size = sizeof report};
        must(sl_loop_step(loop, &step, &report), "sl_loop_step");
        items += report.items;
        printf("frame %2u: %3llu callbacks in %4llu us, %3llu left for later frames\n", frame,
               (unsigned long long)report.items, (unsigned long long)report.elapsed_ns / 1000,
               (unsigned long long)report.remaining);
        wait_for_vsync(&tick);
    }
    must(sl_loop_free(loop), "sl_loop_free");

    printf("%u tasks in %u frames, %u blinks\n", world.tasks_done, frame, world.blinks);
    if (world.tasks_done != TASKS || world.out_of_order != 0 || world.blinks == 0 ||
        items != (uint64_t)world.tasks_done + world.blinks) {
        fprintf(stderr, "frame_loop: a task was lost, doubled or out of order\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
