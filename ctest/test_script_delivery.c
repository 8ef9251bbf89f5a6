/* How results reach the main thread: queues and loops. */
#include "script_test.h"

SL_TEST(jobs_that_wait_end_as_closed_in_the_hosts_queue) {
    sl_action_queue *queue = NULL;
    SL_CHECK_OK(sl_action_queue_new(NULL, &queue));
    sl_script_runner_config config = config_of(1, 1);
    config.actions = queue;
    host host = host_with(&config);
    SL_CHECK(host.actions == queue);
    gate gate;
    gate_close(&gate, &host, 0);
    sl_script_job job = job_of("return 1");
    for (uint64_t at = 0; at < 10; at++) {
        job.affinity = at % 2;
        job.priority = at % 3 == 0 ? SL_PRIORITY_LOW : SL_PRIORITY_NORMAL;
        enqueue(&host, &job);
    }
    gate_open(&gate);
    host_free(&host); /* the gate may let some of them run: each has one result all the same */
    uint64_t seen = 0;
    for (int at = 0; at < 10; at++) {
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
        SL_CHECK(action.id >= 2 && action.id <= 11 && (seen & 1u << action.id) == 0);
        seen |= 1u << action.id;
        if (action.success) {
            SL_CHECK_STR_EQ(action.result->text, "1");
        } else {
            SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_CLOSED);
            SL_CHECK_STR_EQ(action.result->error,
                            "the runner was closed before the job's turn came");
        }
        SL_CHECK_OK(sl_action_free(&action));
    }
    sl_action none = {.size = sizeof none};
    SL_CHECK_STATUS(sl_action_queue_try_pop(queue, &none), SL_STATUS_EMPTY);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

typedef struct dispatched {
    sl_script_runner *runner;
    uint32_t actions;
} dispatched;

static void on_action(void *userdata, const sl_action *action) {
    dispatched *dispatched = userdata;
    SL_CHECK_STR_EQ(action->result->text, "hello");
    SL_CHECK_STATUS(sl_script_runner_free(dispatched->runner), SL_STATUS_REENTERED);
    dispatched->actions++;
}

SL_TEST(results_reach_the_loop_that_the_queue_is_attached_to) {
    sl_loop *loop = NULL;
    dispatched dispatched = {NULL, 0};
    SL_CHECK_OK(sl_loop_new(NULL, &loop));
    sl_script_runner_config config = config_of(1, 1);
    sl_action_queue *queue = NULL;
    SL_CHECK_OK(sl_script_runner_new(loop, &config, &dispatched.runner));
    SL_CHECK_OK(sl_script_runner_actions(dispatched.runner, &queue));
    SL_CHECK_OK(
        sl_action_queue_attach(queue, loop, SL_PRIORITY_NORMAL, on_action, &dispatched, NULL));
    sl_script_job job = job_of("return 'hello'");
    for (int at = 0; at < 20; at++) {
        SL_CHECK_OK(sl_script_runner_enqueue(dispatched.runner, &job, NULL));
    }
    while (dispatched.actions < 20) {
        SL_CHECK_OK(sl_loop_run_once(loop, PATIENCE_MS, NULL));
    }
    SL_CHECK_OK(sl_script_runner_free(dispatched.runner));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_loop_is_woken_for_a_result_that_nobody_dispatches) {
    sl_loop *loop = NULL;
    host host;
    SL_CHECK_OK(sl_loop_new(NULL, &loop));
    sl_script_runner_config config = config_of(1, 1);
    SL_CHECK_OK(sl_script_runner_new(loop, &config, &host.runner));
    SL_CHECK_OK(sl_script_runner_actions(host.runner, &host.actions));
    for (int at = 0; at < 20; at++) {
        sl_script_job job = job_of("return 'hello'");
        sl_action action = {.size = sizeof action};
        enqueue(&host, &job);
        while (sl_action_queue_try_pop(host.actions, &action) == SL_STATUS_EMPTY) {
            SL_CHECK_OK(sl_loop_run_once(loop, PATIENCE_MS, NULL));
        }
        SL_CHECK_STR_EQ(action.result->text, "hello");
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(two_runners_share_a_queue_and_a_loop) {
    sl_loop *loop = NULL;
    sl_loop *other = NULL;
    sl_action_queue *queue = NULL;
    SL_CHECK_OK(sl_loop_new(NULL, &loop));
    SL_CHECK_OK(sl_loop_new(NULL, &other));
    SL_CHECK_OK(sl_action_queue_new(NULL, &queue));
    sl_script_runner_config config = config_of(1, 1);
    config.actions = queue;
    sl_script_runner *first = NULL;
    sl_script_runner *second = NULL;
    sl_script_runner *third = NULL;
    SL_CHECK_OK(sl_script_runner_new(loop, &config, &first));
    SL_CHECK_OK(sl_script_runner_new(loop, &config, &second));
    SL_CHECK_STATUS(sl_script_runner_new(other, &config, &third), SL_STATUS_BUSY);
    SL_CHECK(third == NULL);
    host hosts[2] = {{first, queue}, {second, queue}};
    check_text(&hosts[0], "return 'first'", "first");
    check_text(&hosts[1], "return 'second'", "second");
    host_free(&hosts[0]);
    host_free(&hosts[1]);
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_OK(sl_loop_free(other));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_queue_that_the_host_freed_swallows_results_and_they_still_count) {
    sl_action_queue *queue = NULL;
    SL_CHECK_OK(sl_action_queue_new(NULL, &queue));
    sl_script_runner_config config = config_of(1, 1);
    config.actions = queue;
    host host = host_with(&config);
    SL_CHECK_OK(sl_action_queue_free(queue));
    sl_script_job job = job_of("return 1");
    enqueue(&host, &job);
    gate gate;
    gate_close(&gate, &host, 0);
    SL_CHECK_EQ(stats_of(&host).ok, 2);
    gate_open(&gate);
    host_free(&host);
}
