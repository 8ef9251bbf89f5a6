/* Chunks: compiled once for each state, and not kept for ever. */
#include "script_test.h"

#include <stdlib.h>

SL_TEST(a_chunk_is_compiled_once_for_each_state) {
    host host = host_of(1, 1);
    for (int at = 0; at < 10; at++) {
        check_text(&host, "return 'cached'", "cached");
    }
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK_EQ(stats.chunk_misses, 1);
    SL_CHECK_EQ(stats.chunk_hits, 9);
    sl_script_job job = job_of("return 'cached'");
    job.chunk_name = "=other"; /* another name is another chunk: errors show it */
    sl_action action = run_job(&host, &job);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_EQ(stats_of(&host).chunk_misses, 2);
    host_free(&host);
}

SL_TEST(without_a_cache_every_job_is_compiled) {
    sl_script_runner_config config = config_of(1, 1);
    config.chunk_cache = 0;
    host host = host_with(&config);
    for (int at = 0; at < 5; at++) {
        check_text(&host, "return 1", "1");
    }
    SL_CHECK_EQ(stats_of(&host).chunk_misses, 5);
    host_free(&host);
}

SL_TEST(a_chunk_that_replaces_its_environment_starts_anew_each_time) {
    host host = host_of(1, 1);
    for (int at = 0; at < 3; at++) {
        check_text(&host, "local p = tostring _ENV = {} x = 1 return p(x)", "1");
    }
    check_text(&host, "return x", "nil");
    host_free(&host);
}

SL_TEST(a_registry_does_not_only_grow) {
    sl_script_runner_config config = config_of(1, 1);
    config.chunk_cache = 16;
    host host = host_with(&config);
    uint64_t after_warm_up = 0;
    for (int at = 0; at < 20000; at++) {
        char source[64];
        char text[16];
        snprintf(source, sizeof source, "local a = %d return a", at);
        snprintf(text, sizeof text, "%d", at);
        check_text(&host, source, text);
        if (at == 2000) {
            check_text(&host, "collectgarbage() return 1", "1");
            after_warm_up = stats_of(&host).lua_bytes;
        }
    }
    for (int at = 0; at < 64; at++) { /* measured every 64 jobs */
        check_text(&host, "collectgarbage() return 1", "1");
    }
    SL_CHECK(stats_of(&host).lua_bytes < after_warm_up * 2);
    host_free(&host);
}

/* What the parser had read by then was kept as the whole: it ended well, and did nothing. */
SL_TEST(a_chunk_that_is_interrupted_while_it_is_compiled_is_not_kept) {
    enum { LINES = 1 << 20 };
    static const char line[] = "-- half\n", last[] = "return 'whole'";
    size_t len = LINES * (sizeof line - 1) + sizeof last - 1;
    char *source = malloc(len);
    SL_CHECK(source != NULL);
    for (size_t at = 0; at < LINES; at++) {
        memcpy(source + at * (sizeof line - 1), line, sizeof line - 1);
    }
    memcpy(source + len - (sizeof last - 1), last, sizeof last - 1);
    host host = host_of(1, 1);
    sl_script_job job = job_of_bytes(source, len);
    job.deadline_ms = 1;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_TIMEOUT);
    SL_CHECK_OK(sl_action_free(&action));
    job.deadline_ms = UINT64_MAX;
    for (int round = 0; round < 2; round++) {
        action = run_job(&host, &job);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
        SL_CHECK_STR_EQ(action.result->text, "whole");
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
    free(source);
}
