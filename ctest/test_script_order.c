/* In which order jobs run: priorities and affinity. */
#include "script_seen.h"

SL_TEST(priorities_are_not_just_accepted) {
    host host = host_of(1, 1);
    gate gate;
    seen seen;
    seen_init(&seen);
    gate_close(&gate, &host, 0);
    const uint32_t priorities[] = {SL_PRIORITY_IDLE, SL_PRIORITY_NORMAL, SL_PRIORITY_CRITICAL,
                                   UINT32_MAX,       SL_PRIORITY_LOW,    SL_PRIORITY_NORMAL,
                                   SL_PRIORITY_HIGH, SL_PRIORITY_IDLE,   SL_PRIORITY_CRITICAL};
    const uint64_t order[] = {2, 8, 6, 1, 5, 4, 0, 7, 3};
    for (size_t at = 0; at < 9; at++) {
        sl_script_job job = seen_job(&seen, "return 1", at);
        job.priority = priorities[at];
        enqueue(&host, &job);
    }
    SL_CHECK_EQ(stats_of(&host).queued, 9);
    gate_open(&gate);
    seen_wait(&seen, 9);
    for (size_t at = 0; at < 9; at++) {
        SL_CHECK_EQ(seen.owners[at], order[at]);
    }
    host_free(&host);
}

SL_TEST(jobs_with_the_same_affinity_meet_the_same_state_in_order) {
    host host = host_of(3, 0);
    seen seen;
    seen_init(&seen);
    for (uint64_t at = 0; at < 60; at++) {
        char source[96];
        uint64_t key = at % 5 + 1;
        snprintf(source, sizeof source,
                 "count_%" PRIu64 " = (count_%" PRIu64 " or 0) + 1 "
                 "assert(count_%" PRIu64 " == ...)",
                 key, key, key);
        sl_value turn = integer_value((int64_t)(at / 5 + 1));
        sl_script_job job = seen_job(&seen, source, at);
        job.affinity = key;
        job.args = &turn;
        job.args_len = 1;
        enqueue(&host, &job);
    }
    seen_wait(&seen, 60);
    uint32_t worker_of_key[5];
    uint64_t last_of_key[5];
    for (size_t key = 0; key < 5; key++) {
        worker_of_key[key] = UINT32_MAX;
    }
    for (size_t at = 0; at < 60; at++) {
        size_t key = seen.owners[at] % 5;
        SL_CHECK_EQ(seen.outcomes[at], SL_OUTCOME_OK);
        if (worker_of_key[key] != UINT32_MAX) {
            SL_CHECK_EQ(worker_of_key[key], seen.workers[at]);
            SL_CHECK_EQ(last_of_key[key] + 5, seen.owners[at]);
        }
        worker_of_key[key] = seen.workers[at];
        last_of_key[key] = seen.owners[at];
    }
    host_free(&host);
}

SL_TEST(affinity_keeps_its_state_when_workers_share_states) {
    host host = host_of(4, 2);
    seen seen;
    seen_init(&seen);
    for (uint64_t at = 0; at < 40; at++) {
        sl_value turn = integer_value((int64_t)(at / 2 + 1));
        sl_script_job job = seen_job(&seen,
                                     "mine = mine or {}\nlocal key, turn = ...\n"
                                     "mine[key] = (mine[key] or 0) + 1\n"
                                     "assert(mine[key] == turn)",
                                     at);
        sl_value args[2] = {integer_value((int64_t)(at % 2)), turn};
        job.affinity = at % 2 + 1;
        job.args = args;
        job.args_len = 2;
        enqueue(&host, &job);
        sl_script_job other = job_of("return 1");
        other.delivery = SL_DELIVERY_NONE;
        enqueue(&host, &other);
    }
    seen_wait(&seen, 40);
    for (size_t at = 0; at < 40; at++) {
        SL_CHECK_EQ(seen.outcomes[at], SL_OUTCOME_OK);
    }
    host_free(&host);
}

SL_TEST(an_urgent_job_does_not_overtake_its_own_affinity) {
    host host = host_of(1, 1);
    gate gate;
    seen seen;
    seen_init(&seen);
    gate_close(&gate, &host, 9);
    const uint64_t keys[] = {9, 9, 8, 9, 0};
    const uint32_t priorities[] = {SL_PRIORITY_LOW, SL_PRIORITY_CRITICAL, SL_PRIORITY_HIGH,
                                   SL_PRIORITY_IDLE, SL_PRIORITY_NORMAL};
    const uint64_t order[] = {2, 4, 0, 1, 3};
    for (size_t at = 0; at < 5; at++) {
        sl_script_job job = seen_job(&seen, "return 1", at);
        job.affinity = keys[at];
        job.priority = priorities[at];
        enqueue(&host, &job);
    }
    gate_open(&gate);
    seen_wait(&seen, 5);
    for (size_t at = 0; at < 5; at++) {
        SL_CHECK_EQ(seen.owners[at], order[at]);
    }
    host_free(&host);
}

SL_TEST(affine_jobs_and_others_of_one_priority_take_turns) {
    host host = host_of(1, 1);
    gate gate;
    seen seen;
    seen_init(&seen);
    gate_close(&gate, &host, 0);
    for (uint64_t at = 0; at < 20; at++) {
        sl_script_job job = seen_job(&seen, "return 1", at);
        job.affinity = at < 10 ? 3 : 0;
        enqueue(&host, &job);
    }
    gate_open(&gate);
    seen_wait(&seen, 20);
    for (size_t at = 0; at + 2 < 20; at++) {
        size_t affine = 0;
        for (size_t next = at; next < at + 3; next++) {
            affine += seen.owners[next] < 10;
        }
        SL_CHECK(affine != 0 && affine != 3);
    }
    host_free(&host);
}
