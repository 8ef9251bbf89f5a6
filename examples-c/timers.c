/*
 * timers: one-shot, repeating, fixed rate and cancelled, on a clock that the program moves.
 *
 *   cargo build --release
 *   cc -std=c11 -Iinclude examples-c/timers.c -o target/timers \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/timers
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.timers --output-on-failure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scriptloop.h"

static const uint64_t MS = 1000000; /* nanoseconds */

/* What the callbacks write: one letter per firing, in the order in which they ran. */
struct diary {
    sl_loop *loop;
    sl_timer_id heartbeat;
    uint64_t started_ns;
    char text[64];
};

struct note {
    struct diary *diary;
    char letter;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void write_letter(void *userdata) {
    const struct note *note = userdata;
    struct diary *diary = note->diary;
    uint64_t now = 0;
    must(sl_loop_now(diary->loop, &now), "sl_loop_now");
    size_t len = strlen(diary->text);
    if (len + 1 < sizeof diary->text) {
        diary->text[len] = note->letter;
        diary->text[len + 1] = '\0';
    }
    printf("%3llu ms: %c\n", (unsigned long long)((now - diary->started_ns) / MS), note->letter);
}

/* A timer may cancel any timer, itself included, from inside its own callback. */
static void heartbeat(void *userdata) {
    const struct note *note = userdata;
    write_letter(userdata);
    if (strlen(note->diary->text) >= 6) {
        must(sl_loop_cancel_timer(note->diary->loop, note->diary->heartbeat, NULL), "cancel");
    }
}

/* Moves the clock, then runs what became due. */
static void pass(sl_loop *loop, uint64_t ms) {
    must(sl_loop_advance(loop, ms * MS), "sl_loop_advance");
    must(sl_loop_poll(loop, 1000, NULL), "sl_loop_poll");
}

int main(void) {
    sl_loop_config config;
    must(sl_loop_config_init(&config, sizeof config), "sl_loop_config_init");
    config.clock = SL_CLOCK_VIRTUAL; /* leave this line out to use the system's clock */

    struct diary diary = {0};
    must(sl_loop_new(&config, &diary.loop), "sl_loop_new");
    must(sl_loop_now(diary.loop, &diary.started_ns), "sl_loop_now");
    struct note once = {&diary, 'o'}, beat = {&diary, 'h'}, grid = {&diary, 'g'};
    struct note never = {&diary, 'n'};

    must(sl_loop_schedule_timer(diary.loop, 15, 0, write_letter, &once, NULL, NULL), "once");
    must(sl_loop_schedule_timer(diary.loop, 10, 10, heartbeat, &beat, NULL, &diary.heartbeat),
         "heartbeat");
    sl_timer_id doomed = 0;
    must(sl_loop_schedule_timer(diary.loop, 12, 0, write_letter, &never, NULL, &doomed), "doomed");

    /* A fixed rate stays on its grid of 20, 40, 60 … and skips what a late poll has missed. */
    sl_timer_config rate;
    must(sl_timer_config_init(&rate, sizeof rate), "sl_timer_config_init");
    rate.delay_us = 20000;
    rate.repeat_us = 20000;
    rate.repeat_mode = SL_REPEAT_FIXED_RATE;
    must(sl_loop_schedule_timer_with(diary.loop, &rate, write_letter, &grid, NULL, NULL), "grid");

    bool first = false, second = true;
    must(sl_loop_cancel_timer(diary.loop, doomed, &first), "cancel");
    must(sl_loop_cancel_timer(diary.loop, doomed, &second), "cancel again");

    pass(diary.loop, 10); /* 10 ms: h */
    pass(diary.loop, 5);  /* 15 ms: o */
    pass(diary.loop, 5);  /* 20 ms: h and g, the earlier id first */
    pass(diary.loop, 10); /* 30 ms: h */
    pass(diary.loop, 55); /* 85 ms: h cancels itself; g once for 40, 60 and 80 */
    pass(diary.loop, 15); /* 100 ms: g, still on the grid */
    must(sl_loop_free(diary.loop), "sl_loop_free");

    printf("fired: %s\n", diary.text);
    if (!first || second) {
        fprintf(stderr, "timers: a cancel is true exactly once\n");
        return EXIT_FAILURE;
    }
    if (strcmp(diary.text, "hohghhgg") != 0) {
        fprintf(stderr, "timers: expected hohghhgg\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
