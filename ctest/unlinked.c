/*
 * A program that is not linked with the library, but loads it, uses it and unloads it, again and
 * again: `unlinked <library> <case>`. The library stays, and so do its handles and its threads.
 */
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scriptloop.h>

#define CYCLES 100

/* A function of the library, by the type that its header gives it. */
#define FIND(function) function##_fn *function = (function##_fn *)find(#function)
#define TYPE(function) typedef __typeof__(function) function##_fn
#define CHECK(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #holds);              \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

TYPE(sl_loop_new);
TYPE(sl_loop_post);
TYPE(sl_loop_poll);
TYPE(sl_loop_free);
TYPE(sl_live_handles);
TYPE(sl_script_runner_new);
TYPE(sl_script_runner_actions);
TYPE(sl_script_runner_enqueue);
TYPE(sl_script_runner_read_stats);
TYPE(sl_script_runner_free);
TYPE(sl_script_job_init);
TYPE(sl_action_queue_pop);
TYPE(sl_action_free);

static const char *path;
static void *library;

static void load(int flags) {
    library = dlopen(path, RTLD_NOW | flags);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
}

static void unload(void) {
    CHECK(dlclose(library) == 0);
}

static void *find(const char *name) {
    void *found = dlsym(library, name);
    CHECK(found != NULL);
    return found;
}

static void counts(void *userdata) {
    ++*(int *)userdata;
}

static sl_loop *loop_with_post(int *count) {
    FIND(sl_loop_new);
    FIND(sl_loop_post);
    sl_loop *loop = NULL;
    CHECK(sl_loop_new(NULL, &loop) == SL_STATUS_OK);
    CHECK(sl_loop_post(loop, SL_PRIORITY_NORMAL, counts, count, counts) == SL_STATUS_OK);
    return loop;
}

static void end(sl_loop *loop, int *count) {
    FIND(sl_loop_poll);
    FIND(sl_loop_free);
    CHECK(sl_loop_poll(loop, 1, NULL) == SL_STATUS_OK);
    CHECK(sl_loop_free(loop) == SL_STATUS_OK);
    CHECK(*count == 2);
}

static sl_script_runner *runner_with(const char *source) {
    FIND(sl_script_runner_new);
    FIND(sl_script_job_init);
    FIND(sl_script_runner_enqueue);
    sl_script_runner *runner = NULL;
    sl_script_job job;
    CHECK(sl_script_runner_new(NULL, NULL, &runner) == SL_STATUS_OK);
    CHECK(sl_script_job_init(&job, sizeof job) == SL_STATUS_OK);
    job.source = source;
    job.source_len = strlen(source);
    CHECK(sl_script_runner_enqueue(runner, &job, NULL) == SL_STATUS_OK);
    return runner;
}

static void takes_result(sl_script_runner *runner) {
    FIND(sl_script_runner_actions);
    FIND(sl_action_queue_pop);
    FIND(sl_action_free);
    sl_action_queue *actions = NULL;
    sl_action action = {.size = sizeof action};
    CHECK(sl_script_runner_actions(runner, &actions) == SL_STATUS_OK);
    CHECK(sl_action_queue_pop(actions, &action) == SL_STATUS_OK);
    CHECK(action.success && strcmp(action.message, "a") == 0);
    CHECK(sl_action_free(&action) == SL_STATUS_OK);
}

static void free_runner(sl_script_runner *runner) {
    FIND(sl_script_runner_free);
    CHECK(sl_script_runner_free(runner) == SL_STATUS_OK);
}

static void cycles(int flags) {
    for (int i = 0; i < CYCLES; ++i) {
        int count = 0;
        load(flags);
        sl_loop *loop = loop_with_post(&count);
        sl_script_runner *runner = runner_with("return 'a'");
        takes_result(runner);
        free_runner(runner);
        end(loop, &count);
        unload();
    }
}

/* What was made before is as it was after an unload and another load. */
static void outlives(int flags) {
    for (int i = 0; i < CYCLES / 4; ++i) {
        int count = 0;
        load(flags);
        sl_loop *loop = loop_with_post(&count);
        sl_script_runner *runner = runner_with("while true do end");
        sl_script_runner_stats stats = {.size = sizeof stats};
        FIND(sl_script_runner_read_stats);
        while (stats.running == 0) {
            CHECK(sl_script_runner_read_stats(runner, &stats) == SL_STATUS_OK);
            sched_yield();
        }
        unload();
        load(flags);
        FIND(sl_live_handles);
        CHECK(sl_live_handles() == 3); /* a loop, a runner, the actions of the runner */
        free_runner(runner);
        end(loop, &count);
        unload();
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(int flags);
        int flags;
    } cases[] = {
        {"local", cycles, RTLD_LOCAL},
        {"global", cycles, RTLD_GLOBAL},
        {"busy", outlives, RTLD_LOCAL},
    };
    path = argc == 3 ? argv[1] : NULL;
    for (size_t i = 0; path != NULL && i < sizeof cases / sizeof *cases; ++i) {
        if (strcmp(argv[2], cases[i].name) == 0) {
            cases[i].run(cases[i].flags);
            return 0;
        }
    }
    fprintf(stderr, "unlinked <library> local|global|busy\n");
    return 2;
}
