/* How each state stands: its size, what it has run, and what it has collected. */
#include "script_test.h"

static sl_script_state_stats state_of(const host *host, uint32_t state) {
    sl_script_state_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_script_runner_read_state(host->runner, state, &stats));
    return stats;
}

static void run_ok(const host *host, const char *source) {
    sl_action action = run_source(host, source);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
    SL_CHECK_OK(sl_action_free(&action));
}

SL_TEST(jobs_and_bytes_are_counted_by_state) {
    sl_script_runner_config config = config_of(1, 2);
    config.spin_us = 0;
    host host = host_with(&config);
    uint64_t fresh = state_of(&host, 0).bytes;
    SL_CHECK(fresh > 10000 && fresh < 100000);
    for (int i = 0; i < 100; i++) {
        run_ok(&host, "kept = kept or ('x'):rep(1 << 20)");
    }
    sl_script_state_stats stats = state_of(&host, 0);
    SL_CHECK_EQ(stats.jobs, 100);
    SL_CHECK(stats.bytes_max > 1 << 20);
    SL_CHECK_EQ(state_of(&host, 1).jobs, 0);
    SL_CHECK_EQ(stats.replaced, 0);
    host_free(&host);
}

SL_TEST(garbage_is_collected_after_so_many_jobs_or_bytes) {
    sl_script_runner_config config = config_of(1, 1);
    config.gc_every_jobs = 10;
    host host = host_with(&config);
    for (int i = 0; i < 100; i++) {
        run_ok(&host, "return 1");
    }
    SL_CHECK(state_of(&host, 0).collections >= 5);
    host_free(&host);

    config.gc_every_jobs = 0;
    config.gc_every_bytes = 1 << 20;
    host = host_with(&config);
    for (int i = 0; i < 20; i++) {
        run_ok(&host, "all = all or {} all[#all + 1] = ('x'):rep(1 << 21)");
    }
    SL_CHECK(state_of(&host, 0).collections >= 10);
    host_free(&host);
}

SL_TEST(what_is_no_state_or_no_runner_is_a_status) {
    host host = host_of(1, 1);
    sl_script_state_stats stats = {.size = sizeof stats};
    sl_script_runner *runner = host.runner;
    SL_CHECK_STATUS(sl_script_runner_read_state(runner, 1, &stats), SL_STATUS_NOT_FOUND);
    SL_CHECK_STATUS(sl_script_runner_read_state(runner, 0, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_runner_read_state(NULL, 0, &stats), SL_STATUS_NULL_ARGUMENT);
    stats.size = 8;
    SL_CHECK_STATUS(sl_script_runner_read_state(runner, 0, &stats), SL_STATUS_INVALID_ARGUMENT);
    stats.size = sizeof stats;
    host_free(&host);
    SL_CHECK_STATUS(sl_script_runner_read_state(runner, 0, &stats), SL_STATUS_STALE_HANDLE);
}
