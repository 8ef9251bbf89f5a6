/* Runners: their life, their bounds, their states and their counters. */
#define _GNU_SOURCE /* pthread_getname_np */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "script_test.h"

SL_TEST(new_then_free) {
    sl_script_runner *runner = NULL;
    SL_CHECK_OK(sl_script_runner_new(NULL, NULL, &runner));
    SL_CHECK_OK(sl_script_runner_free(runner));
    SL_CHECK_OK(sl_script_runner_free(NULL));
    SL_CHECK_STATUS(sl_script_runner_free(runner), SL_STATUS_STALE_HANDLE);
}

SL_TEST(null_is_refused) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    sl_script_runner_stats stats = {.size = sizeof stats};
    sl_action_queue *queue = NULL;
    sl_status null = SL_STATUS_NULL_ARGUMENT;
    SL_CHECK_STATUS(sl_script_runner_config_init(NULL, 64), null);
    SL_CHECK_STATUS(sl_script_runner_new(NULL, NULL, NULL), null);
    SL_CHECK_STATUS(sl_script_runner_enqueue(NULL, &job, NULL), null);
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, NULL, NULL), null);
    SL_CHECK_STATUS(sl_script_runner_actions(NULL, &queue), null);
    SL_CHECK_STATUS(sl_script_runner_actions(host.runner, NULL), null);
    SL_CHECK_STATUS(sl_script_runner_read_stats(NULL, &stats), null);
    SL_CHECK_STATUS(sl_script_runner_read_stats(host.runner, NULL), null);
    job.source = NULL;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, NULL), null);
    job.source_len = 0;
    job.args_len = 1;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, NULL), null);
    job.args_len = 0;
    sl_action action = run_job(&host, &job); /* no source is an empty one */
    SL_CHECK_EQ(action.success, true);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_stale_handle_and_one_of_another_noun_are_refused) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    sl_script_runner_stats stats = {.size = sizeof stats};
    sl_action_queue *queue = NULL;
    sl_loop *loop = NULL;
    sl_job_id id = 77;
    host_free(&host);
    SL_CHECK_OK(sl_loop_new(NULL, &loop));
    sl_script_runner *others[] = {host.runner, (sl_script_runner *)loop, (sl_script_runner *)&job};
    const sl_status statuses[] = {SL_STATUS_STALE_HANDLE, SL_STATUS_WRONG_KIND,
                                  SL_STATUS_STALE_HANDLE};
    for (size_t at = 0; at < 3; at++) {
        SL_CHECK_STATUS(sl_script_runner_enqueue(others[at], &job, &id), statuses[at]);
        SL_CHECK_STATUS(sl_script_runner_actions(others[at], &queue), statuses[at]);
        SL_CHECK_STATUS(sl_script_runner_read_stats(others[at], &stats), statuses[at]);
        SL_CHECK_STATUS(sl_script_runner_free(others[at]), statuses[at]);
    }
    SL_CHECK_EQ(id, 77);
    SL_CHECK(queue == NULL);
    sl_action action = {.size = sizeof action};
    SL_CHECK_STATUS(sl_action_queue_try_pop(host.actions, &action), SL_STATUS_STALE_HANDLE);

    sl_script_runner *runner = NULL;
    sl_script_runner_config config = config_of(1, 1);
    SL_CHECK_STATUS(sl_script_runner_new((sl_loop *)host.runner, &config, &runner),
                    SL_STATUS_STALE_HANDLE);
    config.actions = (sl_action_queue *)loop;
    SL_CHECK_STATUS(sl_script_runner_new(loop, &config, &runner), SL_STATUS_WRONG_KIND);
    config.actions = host.actions;
    SL_CHECK_STATUS(sl_script_runner_new(loop, &config, &runner), SL_STATUS_STALE_HANDLE);
    SL_CHECK(runner == NULL);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void check_config_refused(sl_script_runner_config config) {
    sl_script_runner *runner = NULL;
    SL_CHECK_STATUS(sl_script_runner_new(NULL, &config, &runner), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK(runner == NULL);
}

SL_TEST(a_config_out_of_range_is_refused) {
    sl_script_runner_config config = config_of(1, 1);
    SL_CHECK_STATUS(sl_script_runner_config_init(&config, 0), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(config.size, sizeof config);
    config = config_of(65, 1);
    check_config_refused(config);
    config = config_of(1, 4097);
    check_config_refused(config);
    config = config_of(UINT32_MAX, UINT32_MAX);
    check_config_refused(config);
    config = config_of(1, 1);
    config.job_capacity = 0;
    check_config_refused(config);
    config = config_of(1, 1);
    config.value_depth_max = 1001;
    check_config_refused(config);
    config = config_of(1, 1);
    config.value_items_max = 0;
    check_config_refused(config);
    config = config_of(1, 1);
    config.spin_us = 1000001;
    check_config_refused(config);
    config = config_of(1, 1);
    config.size = 0;
    check_config_refused(config);
    config.size = sizeof config + 8;
    check_config_refused(config);
}

SL_TEST(a_config_of_an_older_version_has_defaults_for_the_rest) {
    sl_script_runner_config config = config_of(1, 1);
    config.size = offsetof(sl_script_runner_config, job_capacity);
    memset(&config.job_capacity, 0xff, sizeof config - config.size);
    host host = host_with(&config);
    check_text(&host, "return 'ran'", "ran");
    host_free(&host);
}

SL_TEST(by_default_there_is_one_state_more_than_workers) {
    host host = host_of(0, 0);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK(stats.workers >= 1);
    SL_CHECK_EQ(stats.states, stats.workers + 1);
    SL_CHECK(processors > 1 ? stats.workers < (uint64_t)processors : stats.workers == 1);
    SL_CHECK(stats.lua_bytes > 0);
    host_free(&host);
}

SL_TEST(with_one_state_a_global_counts_1_2_3) {
    host host = host_of(1, 1);
    char text[8];
    for (int count = 1; count <= 50; count++) {
        snprintf(text, sizeof text, "%d", count);
        check_text(&host, "x = (x or 0) + 1; return x", text);
    }
    host_free(&host);
}

SL_TEST(fewer_states_than_workers_are_shared) {
    host host = host_of(4, 1);
    sl_script_job job = job_of("x = (x or 0) + 1; return x");
    enum { JOBS = 200 };
    bool seen[JOBS + 1] = {false};
    for (int at = 0; at < JOBS; at++) {
        enqueue(&host, &job);
    }
    for (int at = 0; at < JOBS; at++) {
        sl_action action = next_action(&host);
        int64_t count = action.result->values[0].as.integer;
        SL_CHECK(count >= 1 && count <= JOBS && !seen[count]);
        seen[count] = true;
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(a_worker_that_is_held_up_does_not_hold_up_the_others) {
    host host = host_of(2, 0);
    gate gate;
    gate_close(&gate, &host, 0);
    check_text(&host, "return 'free'", "free");
    SL_CHECK_EQ(stats_of(&host).queued, 0);
    gate_open(&gate);
    host_free(&host);
}

static void look_at_thread(void *userdata, const sl_script_result *result) {
    char name[16];
    sigset_t blocked;
    SL_CHECK_EQ(result->worker, 0);
    SL_CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    SL_CHECK_STR_EQ(name, "sl-worker-0");
    SL_CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
    SL_CHECK_EQ(sigismember(&blocked, SIGINT), 1);
    SL_CHECK_EQ(sigismember(&blocked, SIGALRM), 1);
    SL_CHECK_EQ(sigismember(&blocked, SIGUSR1), 1);
    *(bool *)userdata = true;
}

SL_TEST(workers_have_names_and_take_no_signals) {
    bool looked = false;
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    host host = host_of(1, 1);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    SL_CHECK_EQ(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_BOTH;
    job.on_result = look_at_thread;
    job.userdata = &looked;
    sl_action action = run_job(&host, &job);
    SL_CHECK(looked);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

static void free_runner(void *userdata, const sl_script_result *result) {
    (void)result;
    SL_CHECK_STATUS(sl_script_runner_free(userdata), SL_STATUS_WOULD_DEADLOCK);
}

SL_TEST(free_from_a_worker_would_deadlock) {
    host host = host_of(2, 2);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_BOTH;
    job.on_result = free_runner;
    job.userdata = host.runner;
    sl_action action = run_job(&host, &job);
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return 'still there'", "still there");
    host_free(&host);
}

static void enqueue_another(void *userdata, const sl_script_result *result) {
    host *host = userdata;
    sl_script_job job = job_of("return 'another'");
    SL_CHECK_EQ(result->outcome, SL_OUTCOME_OK);
    enqueue(host, &job);
}

SL_TEST(a_callback_on_a_worker_may_enqueue) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = enqueue_another;
    job.userdata = &host;
    enqueue(&host, &job);
    sl_action action = next_action(&host);
    SL_CHECK_STR_EQ(action.result->text, "another");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_full_runner_refuses_and_counts) {
    sl_script_runner_config config = config_of(1, 1);
    config.job_capacity = 3;
    host host = host_with(&config);
    gate gate;
    gate_close(&gate, &host, 0); /* has ended: its callback runs after it was counted */
    sl_script_job job = job_of("return 1");
    sl_job_id id = 77;
    enqueue(&host, &job);
    enqueue(&host, &job);
    enqueue(&host, &job);
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, &id), SL_STATUS_FULL);
    SL_CHECK_EQ(id, 77);
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK_EQ(stats.refused, 1);
    SL_CHECK_EQ(stats.queued, 3);
    SL_CHECK_EQ(stats.queue_high_water, 3);
    gate_open(&gate);
    for (int at = 0; at < 3; at++) {
        sl_action action = next_action(&host);
        SL_CHECK_OK(sl_action_free(&action));
    }
    check_text(&host, "return 'room again'", "room again");
    SL_CHECK_EQ(stats_of(&host).refused, 1);
    host_free(&host);
}
