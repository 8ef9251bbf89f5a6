/* A runner is closed gracefully: what was accepted runs to its end, and who waits for it learns. */
#include "jobs_test.h"
#include "submit_test.h"

#define ENDLESS "while true do end"

static sl_status drain(const host *host, uint32_t max_wait_ms) {
    return sl_script_runner_close_gracefully(host->runner, max_wait_ms);
}

static void accepts(const host *host, sl_status expected) {
    sl_script_job job = job_of("");
    job.delivery = SL_DELIVERY_NONE;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host->runner, &job, NULL), expected);
}

/* The results are there: nobody waits for them. Gives their number. */
static int take_results(const host *host, uint32_t outcome) {
    sl_action action = {.size = sizeof action};
    int count = 0;
    while (sl_action_queue_try_pop(host->actions, &action) == SL_STATUS_OK) {
        SL_CHECK_EQ(action.result->outcome, outcome);
        SL_CHECK_OK(sl_action_free(&action));
        count++;
    }
    return count;
}

SL_TEST(scripts_with_and_without_affinity_and_native_jobs_run_to_their_ends) {
    shop shop = shop_of(2);
    gate gates[2];
    gate_close(&gates[0], &shop.host, 2);
    gate_close(&gates[1], &shop.host, 1);
    sl_script_job job = job_of("return 1");
    for (int i = 0; i < 30; i++) {
        job.affinity = i % 3;
        job.priority = i % 2 == 0 ? SL_PRIORITY_LOW : SL_PRIORITY_NORMAL;
        enqueue(&shop.host, &job);
        submit_of(&shop, "uppercase", "a", 0);
    }
    SL_CHECK_STATUS(drain(&shop.host, 0), SL_STATUS_TIMEOUT);
    accepts(&shop.host, SL_STATUS_CLOSED);
    sl_job_request late = request_of("uppercase", "a");
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &late, NULL), SL_STATUS_CLOSED);
    SL_CHECK_EQ(stats_of(&shop.host).queued, 60);
    gate_open(&gates[0]);
    gate_open(&gates[1]);
    SL_CHECK_OK(drain(&shop.host, UINT32_MAX));
    SL_CHECK_EQ(take_results(&shop.host, SL_OUTCOME_OK), 30);
    sl_jobs_stats stats = jobs_stats(&shop);
    SL_CHECK_EQ(stats.ready, 30);
    SL_CHECK_EQ(stats.ok, 30);
    SL_CHECK_OK(drain(&shop.host, 0));
    shop_free(&shop);
}

SL_TEST(a_wait_that_times_out_goes_on_with_the_next_call) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    SL_CHECK_STATUS(drain(&host, 1), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(drain(&host, 0), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(drain(&host, 1), SL_STATUS_TIMEOUT);
    accepts(&host, SL_STATUS_CLOSED);
    gate_open(&gate);
    SL_CHECK_OK(drain(&host, PATIENCE_MS));
    SL_CHECK_OK(drain(&host, 1));
    host_free(&host);
}

SL_TEST(a_runner_that_never_had_a_job_has_drained_at_once) {
    host host = host_of(2, 2);
    SL_CHECK_OK(drain(&host, 0));
    accepts(&host, SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    SL_CHECK_OK(drain(&host, 0));
    host_free(&host);
}

/* It has ended when its callback has returned, not when it was counted. */
SL_TEST(a_job_has_not_ended_before_its_callback_has_returned) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    SL_CHECK_EQ(stats_of(&host).delivered, 1);
    SL_CHECK_STATUS(drain(&host, 0), SL_STATUS_TIMEOUT);
    gate_open(&gate);
    SL_CHECK_OK(drain(&host, UINT32_MAX));
    host_free(&host);
}

static void drain_in_callback(void *userdata, const sl_script_result *result) {
    (void)result;
    const host *host = userdata;
    SL_CHECK_STATUS(drain(host, 1), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_STATUS(drain(host, UINT32_MAX), SL_STATUS_WOULD_DEADLOCK);
    accepts(host, SL_STATUS_OK);
    SL_CHECK_STATUS(drain(host, 0), SL_STATUS_TIMEOUT);
    accepts(host, SL_STATUS_CLOSED);
    SL_CHECK_STATUS(drain(host, 1), SL_STATUS_WOULD_DEADLOCK);
}

SL_TEST(a_worker_that_would_wait_for_itself_is_refused_and_nothing_changes) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = drain_in_callback;
    job.userdata = &host;
    enqueue(&host, &job);
    while (stats_of(&host).accepted != 2) {
        sched_yield();
    }
    SL_CHECK_OK(drain(&host, UINT32_MAX));
    SL_CHECK_EQ(stats_of(&host).delivered, 2);
    host_free(&host);
}

SL_TEST(the_watch_is_refused_like_a_worker) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_BOTH;
    job.on_result = drain_in_callback;
    job.userdata = &host;
    sl_job_id id = enqueue(&host, &job);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, id));
    sl_action action = next_action(&host);
    SL_CHECK_EQ(action.id, id);
    SL_CHECK_OK(sl_action_free(&action));
    gate_open(&gate);
    SL_CHECK_OK(drain(&host, UINT32_MAX));
    SL_CHECK_EQ(stats_of(&host).delivered, 3);
    host_free(&host);
}

typedef struct leaver {
    const host *host;
    sem_t began;
} leaver;

static void *waits_for_all(void *argument) {
    leaver *me = argument;
    sem_post(&me->began);
    SL_CHECK_OK(drain(me->host, UINT32_MAX));
    sl_script_runner_stats stats = stats_of(me->host);
    SL_CHECK_EQ(stats.accepted, stats.delivered);
    return NULL;
}

enum { LEAVERS = 4 };

/* Threads that wait, or are about to: what comes next must reach them either way. */
static void start_leavers(leaver *leavers, pthread_t *threads, const host *host) {
    for (int i = 0; i < LEAVERS; i++) {
        leavers[i].host = host;
        SL_CHECK_EQ(sem_init(&leavers[i].began, 0, 0), 0);
        SL_CHECK_EQ(pthread_create(&threads[i], NULL, waits_for_all, &leavers[i]), 0);
        wait_for(&leavers[i].began);
    }
}

static void join_leavers(pthread_t *threads) {
    for (int i = 0; i < LEAVERS; i++) {
        SL_CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
}

SL_TEST(all_threads_that_wait_learn_of_the_last_job) {
    for (int round = 0; round < 50; round++) {
        host host = host_of(2, 2);
        gate gate;
        gate_close(&gate, &host, 0);
        leaver leavers[LEAVERS];
        pthread_t threads[LEAVERS];
        start_leavers(leavers, threads, &host);
        gate_open(&gate);
        join_leavers(threads);
        host_free(&host);
    }
}

SL_TEST(a_close_turns_a_drain_into_an_end) {
    for (int round = 0; round < 50; round++) {
        shop shop = shop_of(1);
        sl_script_job job = job_of(ENDLESS);
        enqueue(&shop.host, &job);
        enqueue(&shop.host, &job);
        sl_job_id native = submit_of(&shop, "echo", "", 0);
        SL_CHECK_STATUS(drain(&shop.host, 0), SL_STATUS_TIMEOUT);
        leaver leavers[LEAVERS];
        pthread_t threads[LEAVERS];
        start_leavers(leavers, threads, &shop.host);
        SL_CHECK(is_pending(&shop, native));
        SL_CHECK_OK(sl_script_runner_close(shop.host.runner));
        join_leavers(threads);
        SL_CHECK_EQ(take_results(&shop.host, SL_OUTCOME_CLOSED), 2);
        SL_CHECK_EQ(jobs_stats(&shop).cancelled, 1);
        shop_free(&shop);
    }
}

SL_TEST(jobs_that_are_cancelled_during_a_drain_end_it) {
    host host = host_of(2, 2);
    sl_script_job job = job_of(ENDLESS);
    for (int i = 0; i < 5; i++) {
        enqueue(&host, &job);
    }
    leaver leavers[LEAVERS];
    pthread_t threads[LEAVERS];
    start_leavers(leavers, threads, &host);
    uint64_t count = 0;
    SL_CHECK_OK(sl_script_runner_cancel_all(host.runner, &count));
    SL_CHECK_EQ(count, 5);
    join_leavers(threads);
    SL_CHECK_EQ(take_results(&host, SL_OUTCOME_CANCELLED), 5);
    host_free(&host);
}

SL_TEST(a_handler_of_a_native_job_that_runs_is_waited_for) {
    shop shop = shop_of(1);
    door door;
    sl_job_id id = occupy(&shop, &door);
    SL_CHECK_STATUS(drain(&shop.host, 1), SL_STATUS_TIMEOUT);
    SL_CHECK_OK(sl_script_runner_close(shop.host.runner));
    SL_CHECK_STATUS(drain(&shop.host, 1), SL_STATUS_TIMEOUT);
    SL_CHECK(is_pending(&shop, id));
    sem_post(&door.opened);
    SL_CHECK_OK(drain(&shop.host, UINT32_MAX));
    SL_CHECK(!is_pending(&shop, id));
    SL_CHECK(next_given(&shop).cancelled);
    shop_free(&shop);
}

static sl_script_runner_config config_on(pool *pool, uint32_t workers) {
    sl_script_runner_config config = config_of(workers, workers);
    config.submit = pool_submit;
    config.userdata = pool;
    return config;
}

SL_TEST(jobs_on_the_hosts_own_pool_run_to_their_ends) {
    for (int round = 0; round < 20; round++) {
        pool pool;
        pool_start(&pool);
        sl_script_runner_config config = config_on(&pool, 2);
        shop shop = shop_with(&config, 0);
        sl_script_job job = job_of("return 1");
        for (int i = 0; i < 50; i++) {
            job.affinity = i % 3;
            enqueue(&shop.host, &job);
            submit_of(&shop, "echo", "a", 0);
        }
        leaver leavers[LEAVERS];
        pthread_t threads[LEAVERS];
        start_leavers(leavers, threads, &shop.host);
        join_leavers(threads);
        SL_CHECK_EQ(take_results(&shop.host, SL_OUTCOME_OK), 50);
        SL_CHECK_EQ(jobs_stats(&shop).ready, 50);
        SL_CHECK_OK(sl_script_runner_close(shop.host.runner));
        shop_free(&shop);
        pool_end(&pool);
    }
}

SL_TEST(a_pool_that_does_not_run_yet_drains_nothing_and_can_be_closed) {
    pool pool;
    memset(&pool, 0, sizeof pool);
    SL_CHECK_EQ(pthread_mutex_init(&pool.lock, NULL), 0);
    SL_CHECK_EQ(pthread_cond_init(&pool.news, NULL), 0);
    sl_script_runner_config config = config_on(&pool, 1);
    host host = host_with(&config);
    sl_script_job job = job_of("return 1");
    enqueue(&host, &job);
    SL_CHECK_STATUS(drain(&host, 1), SL_STATUS_TIMEOUT);
    SL_CHECK_EQ(take_results(&host, SL_OUTCOME_OK), 0);
    SL_CHECK_OK(sl_script_runner_close(host.runner));
    SL_CHECK_OK(drain(&host, UINT32_MAX));
    SL_CHECK_EQ(take_results(&host, SL_OUTCOME_CLOSED), 1);
    host_free(&host);
    SL_CHECK_EQ(pool.tasks_len, 1);
    pool.tasks[0].run(pool.tasks[0].task);
}
