/* Jobs end early wherever they are, each with its one result. */
#include "script_limits.h"

static sl_job_id enqueue_of(const host *host, const char *source, uint64_t owner) {
    sl_script_job job = job_of(source);
    job.owner = owner;
    return enqueue(host, &job);
}

static void expect_outcome(const host *host, sl_job_id id, uint32_t outcome) {
    sl_action action = next_action(host);
    SL_CHECK_EQ(action.id, id);
    SL_CHECK_EQ(action.result->outcome, outcome);
    SL_CHECK_OK(sl_action_free(&action));
}

/* Returns when the job has begun: it posts before it loops. */
static sl_job_id begin_endless(const host *host, uint64_t owner) {
    sl_job_id id = enqueue_of(host, "engine.post_to_main_thread('begun') " ENDLESS, owner);
    sl_action begun = next_action(host);
    SL_CHECK_EQ(begun.id, id);
    SL_CHECK_OK(sl_action_free(&begun));
    return id;
}

SL_TEST(a_running_job_is_cancelled_once) {
    host host = host_of(1, 1);
    sl_job_id id = begin_endless(&host, 0);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, id));
    expect_outcome(&host, id, SL_OUTCOME_CANCELLED);
    SL_CHECK_STATUS(sl_script_runner_cancel(host.runner, id), SL_STATUS_NOT_FOUND);
    sl_action action = run_source(&host, "return 'healthy'");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_waiting_job_ends_at_once_while_all_workers_are_busy) {
    host host = host_of(1, 1);
    sl_job_id busy = begin_endless(&host, 1);
    sl_job_id waiting = enqueue_of(&host, "return 1", 2);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, waiting));
    expect_outcome(&host, waiting, SL_OUTCOME_CANCELLED);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, busy));
    expect_outcome(&host, busy, SL_OUTCOME_CANCELLED);
    host_free(&host);
}

SL_TEST(an_owner_and_all_are_counted) {
    host host = host_of(1, 1);
    sl_job_id busy = begin_endless(&host, 7);
    for (int i = 0; i < 10; i++) {
        enqueue_of(&host, "return 1", i % 2 == 0 ? 7 : 8);
    }
    uint64_t count = 0;
    SL_CHECK_OK(sl_script_runner_cancel_owner(host.runner, 9, &count));
    SL_CHECK_EQ(count, 0);
    SL_CHECK_OK(sl_script_runner_cancel_owner(host.runner, 8, &count));
    SL_CHECK_EQ(count, 5);
    for (int i = 0; i < 5; i++) {
        sl_action action = next_action(&host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CANCELLED);
        SL_CHECK_EQ(action.owner, 8);
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_OK(sl_script_runner_cancel_all(host.runner, &count));
    SL_CHECK_EQ(count, 6);
    int found = 0;
    for (int i = 0; i < 6; i++) {
        sl_action action = next_action(&host);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CANCELLED);
        found += action.id == busy;
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_EQ(found, 1);
    host_free(&host);
}

static void *free_runner(void *runner) {
    SL_CHECK_OK(sl_script_runner_free(runner));
    return NULL;
}

/* A worker that slept until the last job was started was told by workers, but not by the watch. */
SL_TEST(workers_leave_while_cancelled_jobs_wait_for_their_results) {
    sem_t exited;
    SL_CHECK_EQ(sem_init(&exited, 0, 0), 0);
    sl_script_runner_config config = config_of(1, 1);
    config.on_thread_exit = note_exit;
    config.userdata = &exited;
    sl_action_queue *results = NULL;
    SL_CHECK_OK(sl_action_queue_new(NULL, &results));
    config.actions = results;
    host host = host_with(&config);
    gate busy, held;
    gate_close(&busy, &host, 0);
    sem_init(&held.entered, 0, 0);
    sem_init(&held.opened, 0, 0);
    sl_script_job job = job_of("");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = gate_wait;
    job.userdata = &held;
    enqueue(&host, &job);
    sl_job_id last = enqueue_of(&host, "", 0);
    uint64_t count = 0;
    SL_CHECK_OK(sl_script_runner_cancel_all(host.runner, &count));
    SL_CHECK_EQ(count, 2);
    wait_for(&held.entered); /* the watch is in the callback, the last job behind it */
    gate_open(&busy);
    pthread_t thread;
    SL_CHECK_EQ(pthread_create(&thread, NULL, free_runner, host.runner), 0);
    wait_for(&exited);
    gate_open(&held);
    SL_CHECK_EQ(pthread_join(thread, NULL), 0);
    host.actions = results;
    expect_outcome(&host, last, SL_OUTCOME_CANCELLED);
    SL_CHECK_OK(sl_action_queue_free(results));
    SL_CHECK_EQ(sem_destroy(&exited), 0);
}

static void count_drop(void *userdata) {
    (*(int *)userdata)++;
}

SL_TEST(the_drop_of_a_cancelled_job_runs_once) {
    host host = host_of(1, 1);
    sl_job_id busy = begin_endless(&host, 0);
    int drops = 0;
    sl_script_job job = job_of("return 1");
    job.userdata = &drops;
    job.drop = count_drop;
    sl_job_id id = enqueue(&host, &job);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, id));
    expect_outcome(&host, id, SL_OUTCOME_CANCELLED);
    SL_CHECK_EQ(drops, 1);
    SL_CHECK_OK(sl_script_runner_cancel(host.runner, busy));
    expect_outcome(&host, busy, SL_OUTCOME_CANCELLED);
    host_free(&host);
    SL_CHECK_EQ(drops, 1);
}

SL_TEST(what_is_no_runner_and_no_job_is_a_status) {
    SL_CHECK_STATUS(sl_script_runner_cancel(NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_runner_cancel_owner(NULL, 1, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_runner_cancel_all(NULL, NULL), SL_STATUS_NULL_ARGUMENT);
    host host = host_of(1, 1);
    SL_CHECK_STATUS(sl_script_runner_cancel(host.runner, 0), SL_STATUS_NOT_FOUND);
    SL_CHECK_STATUS(sl_script_runner_cancel(host.runner, UINT64_MAX), SL_STATUS_NOT_FOUND);
    sl_script_runner *stale = host.runner;
    host_free(&host);
    SL_CHECK_STATUS(sl_script_runner_cancel(stale, 1), SL_STATUS_STALE_HANDLE);
}
