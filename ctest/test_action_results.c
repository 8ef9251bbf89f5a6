/* Action queue: results of scripts are never refused and never dropped, whatever the policy. */
#include "sl_host.h"

enum { JOBS = 5 };

/* A queue for two actions, full of the host's, after a runner has sent its results to it. */
static sl_action_queue *queue_with_results(uint32_t when_full, uint32_t block_ms) {
    sl_action_queue *queue = host_queue(2, when_full, block_ms);
    sl_script_runner_config config;
    sl_script_runner *runner = NULL;
    sl_script_job job;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    config.actions = queue;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &runner));
    SL_CHECK_OK(sl_script_job_init(&job, sizeof job));
    job.source = "return 1";
    job.source_len = 8;
    SL_CHECK_OK(host_push(queue, 100));
    for (int i = 0; i < JOBS; ++i) {
        SL_CHECK_OK(sl_script_runner_enqueue(runner, &job, NULL));
    }
    while (host_queue_stats(queue).pending < JOBS + 1) {
        sched_yield();
    }
    SL_CHECK_OK(sl_script_runner_free(runner));
    return queue;
}

static void takes_results(sl_action_queue *queue) {
    for (uint64_t id = 1; id <= JOBS; ++id) {
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
        SL_CHECK_EQ(action.kind, SL_ACTION_KIND_SCRIPT_RESULT);
        SL_CHECK(action.result != NULL);
        SL_CHECK_EQ(action.id, id);
        SL_CHECK_OK(sl_action_free(&action));
        host_queue_stats(queue);
    }
}

SL_TEST(results_exceed_the_bound_of_a_queue_that_refuses) {
    sl_action_queue *queue = queue_with_results(SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_STATUS(host_push(queue, 101), SL_STATUS_FULL);
    SL_CHECK_EQ(host_pop(queue), 100);
    takes_results(queue);
    SL_CHECK_EQ(host_queue_stats(queue).dropped, 0);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(results_exceed_the_bound_of_a_queue_that_blocks) {
    sl_action_queue *queue = queue_with_results(SL_WHEN_FULL_BLOCK, 1);
    SL_CHECK_STATUS(host_push(queue, 101), SL_STATUS_TIMEOUT);
    SL_CHECK_EQ(host_pop(queue), 100);
    takes_results(queue);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(a_queue_that_drops_the_oldest_keeps_results_in_their_order) {
    sl_action_queue *queue = queue_with_results(SL_WHEN_FULL_DROP_OLDEST, 0);
    for (uint64_t id = 101; id <= 110; ++id) {
        SL_CHECK_OK(host_push(queue, id));
        host_queue_stats(queue);
    }
    takes_results(queue);
    SL_CHECK_EQ(host_pop(queue), 109);
    SL_CHECK_EQ(host_pop(queue), 110);
    sl_action_queue_stats stats = host_queue_stats(queue);
    SL_CHECK_EQ(stats.dropped, 9);
    SL_CHECK_EQ(stats.pending, 0);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(free_frees_results_that_nobody_took) {
    sl_action_queue *queue = queue_with_results(SL_WHEN_FULL_DROP_OLDEST, 0);
    SL_CHECK_OK(host_push(queue, 101));
    SL_CHECK_OK(sl_action_queue_free(queue));
}
