/* A runner is closed at once, from wherever: each job has its one result, and nobody waits on. */
#include "sl_host.h"

#include "script_limits.h"

static sl_script_runner_config config_into(sl_action_queue *actions, uint32_t workers) {
    sl_script_runner_config config = config_of(workers, workers);
    config.actions = actions;
    return config;
}

static void is_closed(const host *host) {
    sl_script_job job = job_of("return 1");
    SL_CHECK_STATUS(sl_script_runner_enqueue(host->runner, &job, NULL), SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_script_runner_close(host->runner));
}

/* Returns when the job has begun: it posts before it loops. */
static sl_job_id begin_endless(const host *host) {
    sl_script_job job = job_of("engine.post_to_main_thread('begun') " ENDLESS);
    sl_job_id id = enqueue(host, &job);
    sl_action begun = next_action(host);
    SL_CHECK_EQ(begun.id, id);
    SL_CHECK_OK(sl_action_free(&begun));
    return id;
}

static void expect_all_closed(const host *host, sl_job_id first, sl_job_id last) {
    uint64_t seen = 0;
    for (sl_job_id id = first; id <= last; id++) {
        sl_action action = next_action(host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CLOSED);
        SL_CHECK(action.id >= first && action.id <= last && (seen >> action.id & 1) == 0);
        seen |= UINT64_C(1) << action.id;
        SL_CHECK_OK(sl_action_free(&action));
    }
}

SL_TEST(a_job_that_runs_and_those_that_wait_end_as_closed) {
    host host = host_of(1, 1);
    sl_job_id first = begin_endless(&host);
    sl_script_job job = job_of("return 1");
    for (int i = 0; i < 10; i++) {
        job.affinity = i % 3;
        job.priority = i % 2 == 0 ? SL_PRIORITY_LOW : SL_PRIORITY_NORMAL;
        enqueue(&host, &job);
    }
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    is_closed(&host);
    expect_all_closed(&host, first, first + 10);
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK_EQ(stats.delivered, 11);
    SL_CHECK_EQ(stats.refused, 1);
    is_closed(&host);
    host_free(&host);
}

SL_TEST(a_runner_without_jobs_closes_again_and_again) {
    host host = host_of(2, 2);
    check_text(&host, "return 1", "1");
    for (int i = 0; i < 3; i++) {
        SL_CHECK_OK(sl_script_runner_close(host.runner));
        SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    }
    is_closed(&host);
    SL_CHECK_STATUS(sl_script_runner_cancel(host.runner, 1), SL_STATUS_NOT_FOUND);
    host_free(&host);
}

SL_TEST(workers_that_wait_for_a_state_are_released) {
    hold hold;
    host host = holding_host(&hold, 3, 1);
    sl_script_job job = job_of("hold()");
    sl_job_id holder = enqueue(&host, &job);
    wait_for(&hold.entered);
    job = job_of("return 1");
    enqueue(&host, &job);
    enqueue(&host, &job);
    while (stats_of(&host).running != 3) {
        sched_yield();
    }
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    expect_all_closed(&host, holder, holder + 2); /* the holder is left behind after a while */
    SL_CHECK_EQ(atomic_load(&hold.returned), 0);
    sem_post(&hold.let_go);
    host_free(&host);
    wait_for(&hold.dropped);
}

typedef struct waiter {
    sl_action_queue *queue;
    sl_status expected;
    atomic_bool began;
} waiter;

static void *pushes(void *argument) {
    waiter *me = argument;
    atomic_store(&me->began, true);
    SL_CHECK_STATUS(host_push(me->queue, 99), me->expected);
    return NULL;
}

static void *pops(void *argument) {
    waiter *me = argument;
    sl_action action = {.size = sizeof action};
    atomic_store(&me->began, true);
    SL_CHECK_STATUS(sl_action_queue_pop(me->queue, &action), me->expected);
    SL_CHECK_OK(sl_action_free(&action));
    return NULL;
}

/* The thread waits or is about to: what comes next must reach it either way. */
static pthread_t start(waiter *waiter, void *(*body)(void *)) {
    pthread_t thread = host_thread(body, waiter);
    while (!atomic_load(&waiter->began)) {
        sched_yield();
    }
    return thread;
}

static void close_both(const host *host, bool runner_first) {
    if (runner_first) {
        SL_CHECK_OK(sl_script_runner_close(host->runner));
    }
    SL_CHECK_OK(sl_action_queue_close(host->actions));
    SL_CHECK_OK(sl_script_runner_close(host->runner));
    SL_CHECK_OK(sl_action_queue_close(host->actions));
}

SL_TEST(a_full_queue_and_its_runner_close_in_any_order) {
    for (int round = 0; round < 20; round++) {
        sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
        sl_script_runner_config config = config_into(queue, 1);
        host host = host_with(&config);
        sl_job_id id = begin_endless(&host);
        SL_CHECK_OK(host_push(queue, 77));
        waiter waiter = {.queue = queue, .expected = SL_STATUS_CLOSED};
        pthread_t thread = start(&waiter, pushes);
        close_both(&host, round % 2 == 0);
        host_join(thread);
        SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
        SL_CHECK_EQ(host_pop(queue), 77); /* results come, full or closed */
        expect_all_closed(&host, id, id);
        host_free(&host);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

SL_TEST(threads_that_wait_for_an_action_get_the_last_results_and_then_the_end) {
    for (int round = 0; round < 20; round++) {
        sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
        sl_script_runner_config config = config_into(queue, 1);
        host host = host_with(&config);
        begin_endless(&host);
        waiter result = {.queue = queue, .expected = SL_STATUS_OK};
        pthread_t thread = start(&result, pops);
        SL_CHECK_OK(sl_script_runner_close(host.runner));
        host_join(thread);
        waiter end = {.queue = queue, .expected = SL_STATUS_CLOSED};
        thread = start(&end, pops);
        close_both(&host, round % 2 == 0);
        host_join(thread);
        host_free(&host);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

/* Closes the runner once, where a host may do so, in the middle of its work. */
static void on_result(void *userdata, const sl_script_result *result) {
    (void)result;
    const host *host = userdata;
    SL_CHECK_OK(sl_script_runner_close(host->runner));
    is_closed(host);
}

SL_TEST(a_callback_on_a_worker_closes) {
    host host = host_of(2, 2);
    sl_job_id first = begin_endless(&host);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = on_result;
    job.userdata = &host;
    enqueue(&host, &job);
    expect_all_closed(&host, first, first);
    SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    host_free(&host);
}

SL_TEST(a_callback_on_the_watch_closes) {
    host host = host_of(1, 1);
    sl_job_id first = begin_endless(&host);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = on_result;
    job.userdata = &host;
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, enqueue(&host, &job)));
    expect_all_closed(&host, first, first);
    SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
    host_free(&host);
}

static void on_action(void *userdata, const sl_action *action) {
    const host *host = userdata;
    SL_CHECK_EQ(action->kind, SL_ACTION_KIND_SCRIPT_MESSAGE);
    SL_CHECK_OK(sl_script_runner_close(host->runner));
    is_closed(host);
    /* Results are pushed while this runs: nobody waits for the thread that takes. */
    SL_CHECK_OK(sl_script_runner_close_gracefully(host->runner, UINT32_MAX));
}

SL_TEST(a_callback_for_an_action_closes_and_waits) {
    sl_action_queue *queue = host_queue(1, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    sl_script_runner_config config = config_into(queue, 1);
    host host = host_with(&config);
    sl_script_job job = job_of("engine.post_to_main_thread('begun') " ENDLESS);
    sl_job_id id = enqueue(&host, &job);
    sl_report report = {.size = sizeof report};
    while (report.actions == 0) {
        sched_yield();
        SL_CHECK_OK(sl_action_queue_drain(queue, NULL, on_action, &host, &report));
    }
    expect_all_closed(&host, id, id);
    host_free(&host);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void close_call(void *userdata, const sl_value *args, size_t args_len,
                       sl_script_return *ret) {
    (void)args, (void)args_len, (void)ret;
    const host *host = userdata;
    SL_CHECK_OK(sl_script_runner_close(host->runner));
    is_closed(host);
    SL_CHECK_STATUS(sl_script_runner_close_gracefully(host->runner, 0), SL_STATUS_TIMEOUT);
}

SL_TEST(a_function_that_a_script_calls_closes_and_the_script_ends) {
    host host;
    sl_script_function function = {.name = "close", .call = close_call, .userdata = &host};
    sl_script_runner_config config = config_of(1, 2);
    config.functions = &function;
    config.functions_len = 1;
    host = host_with(&config);
    sl_script_job job = job_of("close() " ENDLESS);
    sl_job_id id = enqueue(&host, &job);
    expect_all_closed(&host, id, id);
    host_free(&host);
}

typedef struct closer {
    const host *host;
    pthread_barrier_t *barrier;
    bool gracefully;
} closer;

static void *closes(void *argument) {
    closer *me = argument;
    int met = pthread_barrier_wait(me->barrier);
    SL_CHECK(met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD);
    if (me->gracefully) {
        SL_CHECK_OK(sl_script_runner_close_gracefully(me->host->runner, UINT32_MAX));
        SL_CHECK_EQ(stats_of(me->host).delivered, stats_of(me->host).accepted);
    } else {
        SL_CHECK_OK(sl_script_runner_close(me->host->runner));
    }
    return NULL;
}

/* At the same moment; with or without others who wait for the end. */
static void close_from_four_threads(unsigned gracefully) {
    for (int round = 0; round < 20; round++) {
        host host = host_of(2, 2);
        sl_job_id first = begin_endless(&host);
        sl_script_job job = job_of("return 1");
        job.affinity = 1;
        enqueue(&host, &job);
        pthread_barrier_t barrier;
        SL_CHECK_EQ(pthread_barrier_init(&barrier, NULL, 4), 0);
        closer closers[4];
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++) {
            closers[i] = (closer){&host, &barrier, (gracefully >> i & 1) != 0};
            threads[i] = host_thread(closes, &closers[i]);
        }
        for (int i = 0; i < 4; i++) {
            host_join(threads[i]);
        }
        SL_CHECK_EQ(pthread_barrier_destroy(&barrier), 0);
        is_closed(&host);
        SL_CHECK_OK(sl_script_runner_close_gracefully(host.runner, UINT32_MAX));
        SL_CHECK_EQ(stats_of(&host).delivered, first + 1);
        host_free(&host);
    }
}

SL_TEST(four_threads_close_at_the_same_moment) {
    close_from_four_threads(0);
}

SL_TEST(a_close_ends_the_waits_of_all_who_close_gracefully) {
    close_from_four_threads(7);
    close_from_four_threads(1);
}

SL_TEST(handlers_of_close_have_no_more_than_their_grace) {
    sl_script_runner_config config = config_of(1, 1);
    config.close_grace_ms = UINT64_MAX;
    host host = host_with(&config);
    sl_script_job job = job_of("local a <close> = " CLOSE(
        "while true do end") "\n"
                             "engine.post_to_main_thread('begun') " ENDLESS);
    sl_job_id id = enqueue(&host, &job);
    sl_action begun = next_action(&host);
    SL_CHECK_OK(sl_action_free(&begun));
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    expect_all_closed(&host, id, id);
    host_free(&host);
}

SL_TEST(what_is_no_runner_is_a_status) {
    bool is_pending = true;
    SL_CHECK_STATUS(sl_script_runner_close(NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_runner_close_gracefully(NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_runner_is_job_pending(NULL, 1, &is_pending), SL_STATUS_NULL_ARGUMENT);
    host host = host_of(1, 1);
    SL_CHECK_STATUS(sl_script_runner_is_job_pending(host.runner, 1, NULL), SL_STATUS_NULL_ARGUMENT);
    sl_script_runner *stale = host.runner;
    host_free(&host);
    SL_CHECK_STATUS(sl_script_runner_close(stale), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_script_runner_close_gracefully(stale, 1), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_script_runner_is_job_pending(stale, 1, &is_pending), SL_STATUS_STALE_HANDLE);
    SL_CHECK(is_pending);
}

/* The successor left before the watch had noted it, and the watch panicked. */
SL_TEST(a_successor_that_is_the_last_to_leave_is_waited_for) {
    lines log;
    lines_start(&log);
    for (int round = 0; round < 5; round++) {
        hold hold;
        host host = holding_host(&hold, 1, 1);
        sl_script_job job = job_of("hold()");
        sl_job_id id = enqueue(&host, &job);
        wait_for(&hold.entered);
        SL_CHECK_OK(sl_script_runner_close(host.runner));
        expect_all_closed(&host, id, id);
        SL_CHECK_EQ(atomic_load(&hold.returned), 0);
        host_free(&host);
        sem_post(&hold.let_go);
        wait_for(&hold.dropped);
    }
    lines_end();
    SL_CHECK(strstr(log.text, "panicked") == NULL);
}
