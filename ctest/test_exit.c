/*
 * The process ends while threads are in the library: at once, with its code and without a word.
 * `test_exit --end <how> <what>` is such a process: <what> says what its threads do, <how> is
 * `exit` or `return`. The cases run it many times.
 */
#define main run_cases
#include "sl_host.h"
#undef main

#include <sched.h>
#include <spawn.h>

#include "child_test.h"
#include "script_test.h"

#define ROUNDS (CHILD_SANITIZED ? 5 : 30)
#define WORKERS 2u

extern char **environ;

static void works_for_ever(void *userdata, sl_job *native) {
    (void)native;
    for (;;) {
        atomic_fetch_add((atomic_uint_fast64_t *)userdata, 1);
    }
}

static void workers_run_scripts(const char *source) {
    host host = host_of(WORKERS, WORKERS);
    sl_script_job job = job_of(source);
    sl_script_runner_stats stats = {.size = sizeof stats};
    for (unsigned i = 0; i < WORKERS; ++i) {
        enqueue(&host, &job);
    }
    while (stats.running < WORKERS) {
        sched_yield();
        SL_CHECK_OK(sl_script_runner_read_stats(host.runner, &stats));
    }
}

static void loops(void) {
    workers_run_scripts("while true do end");
}

static void in_c(void) {
    workers_run_scripts("while true do string.rep('a', 1e6):find('.-b') end");
}

static void allocates(void) {
    workers_run_scripts("while true do local t = {} for i = 1, 1e4 do t[i] = {i} end end");
}

static void native(void) {
    static atomic_uint_fast64_t turns;
    host host = host_of(1, 1);
    sl_jobs *jobs = NULL;
    sl_job_request request;
    sl_job_id id = 0;
    SL_CHECK_OK(sl_jobs_new(host.runner, NULL, NULL, &jobs));
    SL_CHECK_OK(sl_jobs_register(jobs, "k", 1, works_for_ever, &turns, NULL));
    SL_CHECK_OK(sl_job_request_init(&request, sizeof request));
    request.kind = "k";
    request.kind_len = 1;
    SL_CHECK_OK(sl_jobs_submit(jobs, &request, &id));
    while (atomic_load(&turns) == 0) {
        sched_yield();
    }
}

/* What the waiting threads wait for, and that they have begun to. */
typedef struct waits {
    sl_loop *loop;
    sl_loop *polled;
    sl_action_queue *queue;
    sl_state_pool *pool;
    pthread_barrier_t begun;
} waits;

static void *waits_in_run_once(void *argument) {
    waits *waits = argument;
    SL_CHECK_OK(sl_loop_attach_thread(waits->loop));
    pthread_barrier_wait(&waits->begun);
    (void)sl_loop_run_once(waits->loop, UINT32_MAX, NULL);
    return NULL;
}

static void *waits_in_pop(void *argument) {
    waits *waits = argument;
    sl_action action = {.size = sizeof action};
    pthread_barrier_wait(&waits->begun);
    (void)sl_action_queue_pop(waits->queue, &action);
    return NULL;
}

static void *waits_in_acquire(void *argument) {
    waits *waits = argument;
    void *state = NULL;
    pthread_barrier_wait(&waits->begun);
    (void)sl_state_pool_acquire(waits->pool, &state);
    return NULL;
}

static void *polls(void *argument) {
    waits *waits = argument;
    SL_CHECK_OK(sl_loop_attach_thread(waits->polled));
    pthread_barrier_wait(&waits->begun);
    for (;;) {
        (void)sl_loop_post_copy(waits->polled, SL_PRIORITY_NORMAL, host_nothing, NULL, 0);
        (void)sl_loop_poll(waits->polled, UINT32_MAX, NULL);
    }
    return NULL;
}

static sl_status creates(void *userdata, void **out_state) {
    *out_state = userdata;
    return SL_STATUS_OK;
}

static void destroys(void *userdata, void *state) {
    (void)userdata, (void)state;
    SL_CHECK(!"nobody frees the pool");
}

static void blocked(void) {
    static waits waits;
    void *(*const bodies[])(void *) = {waits_in_run_once, waits_in_pop, waits_in_acquire, polls};
    void *state = NULL;
    waits.loop = host_loop();
    waits.polled = host_loop();
    waits.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(sl_state_pool_new(1, creates, destroys, &waits, host_drop, &waits.pool));
    SL_CHECK_OK(sl_state_pool_acquire(waits.pool, &state));
    SL_CHECK_OK(sl_loop_detach_thread(waits.loop));
    SL_CHECK_OK(sl_loop_detach_thread(waits.polled));
    host_barrier(&waits.begun, 5);
    for (size_t i = 0; i < 4; ++i) {
        host_thread(bodies[i], &waits);
    }
    pthread_barrier_wait(&waits.begun);
}

static const struct {
    const char *name;
    void (*begin)(void);
} ends[] = {
    {"loops", loops},   {"in_c", in_c},       {"allocates", allocates},
    {"native", native}, {"blocked", blocked},
};

/* What it printed and how it ended: nothing, and with the code. */
static void ends_well(const char *how, const char *what) {
    char *const command[] = {"test_exit", "--end", (char *)how, (char *)what, NULL};
    posix_spawn_file_actions_t actions;
    char said[256];
    int ends_of_pipe[2];
    pid_t child = 0;
    SL_CHECK_EQ(pipe(ends_of_pipe), 0);
    SL_CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    SL_CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, ends_of_pipe[1], 1), 0);
    SL_CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, ends_of_pipe[1], 2), 0);
    SL_CHECK_EQ(posix_spawn(&child, "/proc/self/exe", &actions, NULL, command, environ), 0);
    SL_CHECK_EQ(posix_spawn_file_actions_destroy(&actions), 0);
    SL_CHECK_EQ(close(ends_of_pipe[1]), 0);
    ssize_t len = 0;
    while ((len = read(ends_of_pipe[0], said, sizeof said - 1)) > 0) {
        said[len] = '\0';
        sl_test_fail(__FILE__, __LINE__, "%s %s says: %s", how, what, said);
    }
    SL_CHECK_EQ(close(ends_of_pipe[0]), 0);
    SL_CHECK_EQ(child_code(child), CHILD_DONE);
}

static void always_ends_well(const char *what) {
    for (int i = 0; i < ROUNDS; ++i) {
        ends_well("exit", what);
        ends_well("return", what);
    }
}

SL_TEST(a_process_ends_while_its_workers_loop) {
    always_ends_well("loops");
}

SL_TEST(a_process_ends_while_its_workers_are_in_a_function_in_c) {
    always_ends_well("in_c");
}

SL_TEST(a_process_ends_while_its_workers_allocate) {
    always_ends_well("allocates");
}

SL_TEST(a_process_ends_while_a_native_job_runs) {
    always_ends_well("native");
}

SL_TEST(a_process_ends_while_threads_wait_and_poll) {
    always_ends_well("blocked");
}

int main(int argc, char **argv) {
    if (argc != 4 || strcmp(argv[1], "--end") != 0) {
        return run_cases(argc, argv);
    }
    (void)alarm(CHILD_SECONDS);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        if (strcmp(argv[3], ends[i].name) == 0) {
            ends[i].begin();
        }
    }
    if (strcmp(argv[2], "exit") == 0) {
        exit(CHILD_DONE);
    }
    return CHILD_DONE;
}
