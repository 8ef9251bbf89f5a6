/*
 * sdl_embed: an SDL program that waits for events and is woken by the loop's hook; then the same
 * program in frames, with 2 ms of each for the loop.
 *
 *   cargo build --release
 *   cc -std=c11 -pthread -Iinclude examples-c/sdl_embed.c -o target/sdl_embed \
 *      $(pkg-config --cflags --libs sdl2) \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release"
 *   target/sdl_embed
 *
 * With CMake (libsdl2-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.sdl_embed --output-on-failure
 */
#include <SDL.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "scriptloop.h"

enum { POSTS = 50, TICKS = 5, TICK_MS = 4, TASKS = 400, BUDGET_US = 2000 };
enum { FRAME_MS = 10, FRAMES_MAX = 600, TURNS_MAX = 2000, STUCK_MS = 10000 };

/* Which of the types that SDL_RegisterEvents gave. */
enum { EVENT_WAKE, EVENT_HOST, EVENT_TYPES };

struct host {
    sl_loop *loop;
    Uint32 first_event;
    SDL_sem *answer;
    atomic_bool letter; /* a mailbox: what a bare wake tells of stands here */
    uint32_t letters;
    uint32_t posts;
    uint32_t tasks;
    uint32_t ticks;
    uint32_t events; /* the host's own */
    uint32_t wakes;  /* events of the hook */
    uint32_t frames_cut;
    uint32_t noise;
    bool quit;
};

static void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, sl_status_text(status));
        exit(EXIT_FAILURE);
    }
}

static void must_sdl(bool good, const char *what) {
    if (!good) {
        fprintf(stderr, "%s: %s\n", what, SDL_GetError());
        exit(EXIT_FAILURE);
    }
}

/* From any thread. With its queue of events full SDL has no reason to wait. */
static void push(struct host *host, Uint32 which) {
    SDL_Event event = {.type = host->first_event + which};
    SDL_PushEvent(&event);
}

/* The loop calls this on the thread that posts, wakes or schedules: once, until the next step. */
static void wake_hook(void *userdata) {
    push(userdata, EVENT_WAKE);
}

/* The loop tells of everything by its hook but of timers that become due: SDL waits no longer
 * than until then. Rounded up, so that it does not return too early and find nothing. */
static int wait_ms(sl_loop *loop) {
    uint64_t ns = 0;
    must(sl_loop_next_deadline(loop, &ns), "sl_loop_next_deadline");
    if (ns == SL_UNLIMITED) {
        return STUCK_MS; /* without this it would be -1 */
    }
    uint64_t ms = ns / 1000000 + (ns % 1000000 != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static uint64_t step(struct host *host) {
    sl_step step;
    sl_report report = {.size = sizeof report};
    must(sl_step_init(&step, sizeof step), "sl_step_init");
    step.max_work_us = BUDGET_US;
    must(sl_loop_step(host->loop, &step, &report), "sl_loop_step");
    if (atomic_exchange(&host->letter, false)) {
        host->letters++;
        SDL_SemPost(host->answer);
    }
    return report.remaining;
}

static void handle(struct host *host, const SDL_Event *event) {
    host->wakes += event->type == host->first_event + EVENT_WAKE;
    host->events += event->type == host->first_event + EVENT_HOST;
    host->quit |= event->type == SDL_QUIT;
}

static void on_tick(void *userdata) {
    struct host *host = userdata;
    if (++host->ticks == TICKS) {
        host->quit = true;
    }
}

static void on_post(void *userdata) {
    struct host *host = userdata;
    host->posts++;
    SDL_SemPost(host->answer);
}

/* Some tens of microseconds. */
static void on_task(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < 20000; i++) {
        host->noise = host->noise * 1664525u + 1013904223u;
    }
    host->tasks++;
}

/* Another thread: through SDL; then, waiting for an answer each time, through the loop and through
 * a mailbox and a wake. What ends SDL's wait for these is the hook alone. */
static int produce(void *userdata) {
    struct host *host = userdata;
    for (uint32_t i = 0; i < POSTS; i++) {
        push(host, EVENT_HOST);
    }
    for (uint32_t i = 0; i < POSTS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_NORMAL, on_post, host, NULL), "sl_loop_post");
        if (SDL_SemWaitTimeout(host->answer, STUCK_MS) != 0) {
            return 1;
        }
        atomic_store(&host->letter, true);
        must(sl_loop_wake(host->loop), "sl_loop_wake");
        if (SDL_SemWaitTimeout(host->answer, STUCK_MS) != 0) {
            return 1;
        }
    }
    return 0;
}

/* A tool or a turn-based game: it sleeps until there is an event, and draws when one came. */
static const char *run_on_events(struct host *host) {
    bool ticking = false;
    for (uint32_t turns = 0; !host->quit; turns++) {
        SDL_Event event;
        int limit_ms = wait_ms(host->loop);
        bool came = SDL_WaitEventTimeout(&event, limit_ms) == 1;
        if (!came && limit_ms == STUCK_MS) {
            return "no event came: a wake was lost";
        }
        for (; came; came = SDL_PollEvent(&event) == 1) {
            handle(host, &event);
        }
        step(host); /* what it leaves calls the hook again */

        /* No timer before: until here it was the hook alone that ended the waits. */
        bool all = host->posts == POSTS && host->letters == POSTS && host->events == POSTS;
        if (all && !ticking) {
            ticking = true;
            sl_status status =
                sl_loop_schedule_timer(host->loop, TICK_MS, TICK_MS, on_tick, host, NULL, NULL);
            must(status, "sl_loop_schedule_timer");
        }
        if (turns == TURNS_MAX) {
            return "SDL returns without a cause";
        }
    }
    return NULL;
}

/* An action game: it never waits for the loop and needs no hook. */
static const char *run_in_frames(struct host *host) {
    must(sl_loop_set_wake_hook(host->loop, NULL, NULL, NULL), "sl_loop_set_wake_hook");
    for (uint32_t i = 0; i < TASKS; i++) {
        must(sl_loop_post(host->loop, SL_PRIORITY_LOW, on_task, host, NULL), "sl_loop_post");
    }
    Uint64 frame_end = SDL_GetTicks64();
    for (uint32_t frame = 0; host->tasks < TASKS; frame++) {
        SDL_Event event;
        while (SDL_PollEvent(&event) == 1) {
            handle(host, &event);
        }
        host->frames_cut += step(host) != 0;

        /* Draw here; SDL_RenderPresent waits for the display where this waits for the time. */
        frame_end += FRAME_MS;
        Uint64 now = SDL_GetTicks64();
        SDL_Delay(now < frame_end ? (Uint32)(frame_end - now) : 0);
        if (frame == FRAMES_MAX) {
            return "the work never ends";
        }
    }
    return host->frames_cut > 0 ? NULL : "no frame kept to its budget";
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    struct host host = {0};
    must_sdl(SDL_setenv("SDL_VIDEODRIVER", "dummy", 1) == 0, "SDL_setenv"); /* needs no display */
    must_sdl(SDL_Init(SDL_INIT_VIDEO) == 0, "SDL_Init");
    host.first_event = SDL_RegisterEvents(EVENT_TYPES);
    must_sdl(host.first_event != (Uint32)-1, "SDL_RegisterEvents");
    host.answer = SDL_CreateSemaphore(0);
    must_sdl(host.answer != NULL, "SDL_CreateSemaphore");
    must(sl_loop_new(NULL, &host.loop), "sl_loop_new");
    must(sl_loop_set_wake_hook(host.loop, wake_hook, &host, NULL), "sl_loop_set_wake_hook");

    SDL_Thread *producer = SDL_CreateThread(produce, "producer", &host);
    must_sdl(producer != NULL, "SDL_CreateThread");
    const char *trouble = run_on_events(&host);
    SDL_WaitThread(producer, NULL);
    if (trouble == NULL) {
        trouble = run_in_frames(&host);
    }
    must(sl_loop_free(host.loop), "sl_loop_free"); /* from here on nothing calls the hook */
    SDL_DestroySemaphore(host.answer);
    SDL_Quit();

    printf("%u posts, %u letters, %u events, %u wakes, %u ticks; %u tasks, %u frames cut\n",
           host.posts, host.letters, host.events, host.wakes, host.ticks, host.tasks,
           host.frames_cut);
    if (trouble != NULL || host.wakes == 0 || sl_live_handles() != 0) {
        fprintf(stderr, "sdl_embed: %s\n", trouble != NULL ? trouble : "the hook was not called");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
