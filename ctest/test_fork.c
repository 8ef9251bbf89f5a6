/* Fork: the child takes over nothing of the parent, and has a library of its own. */
#include "nouns_test.h"

#include "child_test.h"
#include "script_test.h"

/* Threads in the child: ThreadSanitizer does not follow them there, and may hang. */
#ifdef CHILD_TSAN
#define THREADS_AFTER_FORK false
#else
#define THREADS_AFTER_FORK true
#endif

/* Threads that free while another forks: AddressSanitizer does not hold the lock of its quarantine
 * over a fork, and the child waits for it when one of its threads ends. */
#ifdef CHILD_ASAN
#define THREADS_AT_FORK false
#else
#define THREADS_AT_FORK true
#endif

static pid_t parent;

/* For everything that the parent gave to the library. */
static void only_in_the_parent(void *userdata) {
    (void)userdata;
    SL_CHECK_EQ(getpid(), parent);
}

static void runs_scripts(void) {
    if (!THREADS_AFTER_FORK) {
        return;
    }
    host own = host_of(2, 2);
    check_text(&own, "return 'a' .. 1", "a1");
    sl_script_job endless = job_of("while true do end");
    endless.deadline_ms = 5;
    sl_action action = run_job(&own, &endless);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_TIMEOUT);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&own);
}

static void uses_what_needs_no_thread(void) {
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(4, SL_WHEN_FULL_REFUSE, 0);
    sl_state_pool *pool = NULL;
    sl_callbacks *callbacks = NULL;
    host_item soon = {.letter = 'a'};
    host_item late = {.letter = 'b'};
    void *state = NULL;
    host_post(loop, SL_PRIORITY_NORMAL, &soon);
    host_post(loop, SL_PRIORITY_LOW, &late);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_EQ(soon.drops + late.drops, 2u);
    SL_CHECK_OK(host_push(queue, 7));
    SL_CHECK_EQ(host_pop(queue), 7);
    SL_CHECK_OK(sl_state_pool_new(1, creates, destroys, &soon, NULL, &pool));
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_callbacks_new(loop, NULL, &callbacks));
    SL_CHECK_OK(sl_callbacks_free(callbacks));
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_OK(sl_loop_free(loop));
}

static void has_a_library_of_its_own(void *argument) {
    (void)argument;
    SL_CHECK_EQ(sl_live_handles(), 0);
    uses_what_needs_no_thread();
    runs_scripts();
    SL_CHECK_EQ(sl_live_handles(), 0);
}

static void finds_all_stale(void *argument) {
    all *theirs = argument;
    sl_action_queue *results = (sl_action_queue *)theirs->action.context;
    void *handles[] = {
        theirs->loop, theirs->queue,     theirs->pool, theirs->runner,
        theirs->jobs, theirs->callbacks, results,      (void *)(uintptr_t)theirs->action.ticket};
    SL_CHECK_EQ(sl_live_handles(), 0);
    a_loop = host_loop();
    SL_CHECK_EQ(sl_live_handles(), 1);
    for (size_t i = 0; i < COUNT(handles); ++i) {
        is_stale(handles[i]);
    }
    SL_CHECK_STATUS(sl_action_free(&theirs->action), SL_STATUS_STALE_HANDLE);
    SL_CHECK_OK(sl_loop_free(a_loop));
    has_a_library_of_its_own(NULL);
    for (size_t i = 0; i < COUNT(handles); ++i) {
        is_stale(handles[i]);
    }
}

static void says_what_is_left_out(void) {
    if (!THREADS_AFTER_FORK) {
        printf("no scripts in the child: ThreadSanitizer knows no threads after a fork\n");
    }
}

static bool is_left_out(void) {
    says_what_is_left_out();
    if (!THREADS_AT_FORK) {
        printf("left out: AddressSanitizer keeps a lock of its own taken in the child\n");
    }
    return !THREADS_AT_FORK;
}

/* Also in the child of a child, which has stale ones of two. */
static void finds_all_stale_and_forks(void *argument) {
    finds_all_stale(argument);
    sl_loop *loop = host_loop();
    child_does(finds_all_stale, argument);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(every_handle_of_the_parent_is_stale_in_the_child) {
    says_what_is_left_out();
    all one = all_new();
    sl_action_queue *results = NULL;
    SL_CHECK_OK(sl_script_runner_actions(one.runner, &results));
    one.action.context = results;
    uint64_t alive = sl_live_handles();
    for (int i = 0; i < 5; ++i) {
        child_does(finds_all_stale_and_forks, &one);
    }
    SL_CHECK_EQ(sl_live_handles(), alive);
    bool owner = false;
    SL_CHECK_OK(sl_loop_is_owner(one.loop, &owner));
    SL_CHECK(owner);
    host parents = {one.runner, results};
    check_text(&parents, "return 'here'", "here");
    all_free(&one);
}

static void never_in_the_child(void *userdata, uint32_t level, const char *text, size_t len) {
    (void)level, (void)text, (void)len;
    only_in_the_parent(userdata);
}

static void never_destroys_in_the_child(void *userdata, void *state) {
    (void)state;
    only_in_the_parent(userdata);
}

static void handles_in_the_parent(void *userdata, const sl_action *action) {
    (void)action;
    only_in_the_parent(userdata);
}

static void frees_what_it_cannot(void *argument) {
    all *theirs = argument;
    SL_CHECK_STATUS(sl_script_runner_free(theirs->runner), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_state_pool_free(theirs->pool), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_action_queue_free(theirs->queue), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_loop_free(theirs->loop), SL_STATUS_STALE_HANDLE);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_ERROR, "nobody", 6));
    has_a_library_of_its_own(NULL);
}

SL_TEST(nothing_of_the_parents_is_called_or_dropped_in_the_child) {
    says_what_is_left_out();
    all one = {.loop = host_loop(), .queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0)};
    sl_script_runner_config config = config_of(1, 1);
    sl_timer_id timer = 0;
    uint32_t ran = 0;
    parent = getpid();
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, never_in_the_child, NULL, only_in_the_parent));
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &one.runner));
    SL_CHECK_OK(sl_state_pool_new(3, creates, never_destroys_in_the_child, out, only_in_the_parent,
                                  &one.pool));
    SL_CHECK_OK(sl_action_queue_attach(one.queue, one.loop, 100, handles_in_the_parent, NULL,
                                       only_in_the_parent));
    SL_CHECK_OK(sl_loop_post(one.loop, 100, only_in_the_parent, NULL, only_in_the_parent));
    SL_CHECK_OK(sl_loop_post(one.loop, 5, only_in_the_parent, NULL, only_in_the_parent));
    SL_CHECK_OK(sl_loop_schedule_timer(one.loop, 0, 0, only_in_the_parent, NULL, only_in_the_parent,
                                       &timer));
    SL_CHECK_OK(host_push(one.queue, 1));
    child_does(frees_what_it_cannot, &one);
    SL_CHECK_OK(sl_loop_poll(one.loop, UINT32_MAX, &ran));
    SL_CHECK_EQ(ran, 4u);
    SL_CHECK_OK(sl_script_runner_free(one.runner));
    SL_CHECK_OK(sl_state_pool_free(one.pool));
    SL_CHECK_OK(sl_action_queue_free(one.queue));
    SL_CHECK_OK(sl_loop_free(one.loop));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}

SL_TEST(workers_of_the_parent_go_on_while_it_forks) {
    if (is_left_out()) {
        return;
    }
    host host = host_of(2, 2);
    sl_script_job endless = job_of("while true do end");
    sl_script_job counts = job_of("n = (n or 0) + 1 for i = 1, 1000 do i = i + 1 end return n");
    counts.affinity = 1;
    endless.affinity = 2; /* never on the worker that counts */
    sl_job_id held = enqueue(&host, &endless);
    for (int64_t i = 1; i <= 20; ++i) {
        enqueue(&host, &counts);
        child_does(has_a_library_of_its_own, NULL);
        sl_action action = next_action(&host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
        SL_CHECK_EQ(action.result->values[0].as.integer, i);
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, held));
    SL_CHECK_EQ(stats_of(&host).ok, 20);
    host_free(&host);
}

static atomic_bool over;

static void hears(void *userdata, uint32_t level, const char *text, size_t len) {
    (void)userdata, (void)level, (void)text, (void)len;
}

/* Has each lock of the process all the time, one after another. */
static void *makes_and_frees(void *argument) {
    (void)argument;
    while (!atomic_load(&over)) {
        uses_what_needs_no_thread();
        SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, hears, NULL, NULL));
        SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_INFO, "a", 1));
    }
    return NULL;
}

static void *runs_and_frees(void *argument) {
    (void)argument;
    while (!atomic_load(&over)) {
        host host = host_of(1, 1);
        check_text(&host, "return 'a'", "a");
        host_free(&host);
    }
    return NULL;
}

static void *forks(void *argument) {
    for (int i = 0; i < (CHILD_SANITIZED ? 25 : 100); ++i) {
        child_does(has_a_library_of_its_own, argument);
    }
    return NULL;
}

/* Two threads fork 100 times each, at the same time; others make and free what there is. */
SL_TEST(a_fork_at_any_moment_of_other_threads_leaves_a_child_that_works) {
    if (is_left_out()) {
        return;
    }
    pthread_t makers[3];
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, hears, NULL, NULL));
    for (size_t i = 0; i < 2; ++i) {
        makers[i] = host_thread(makes_and_frees, NULL);
    }
    makers[2] = host_thread(runs_and_frees, NULL);
    pthread_t forker = host_thread(forks, NULL);
    forks(NULL);
    host_join(forker);
    atomic_store(&over, true);
    for (size_t i = 0; i < COUNT(makers); ++i) {
        host_join(makers[i]);
    }
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}
