/* Runners under load. Seeds are fixed: what differs between two runs is the threads' order. */
#include <pthread.h>
#include <stdatomic.h>

#include "script_test.h"

/* xorshift64*, seeded by each case. */
static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* Reads the counters without a pause until told to stop: they add up at every moment. */
typedef struct auditor {
    pthread_t thread;
    const host *host;
    atomic_bool stop;
} auditor;

static void *audit(void *argument) {
    auditor *auditor = argument;
    uint64_t accepted = 0;
    while (!atomic_load(&auditor->stop)) {
        sl_script_runner_stats stats = stats_of(auditor->host); /* checks the sums */
        SL_CHECK(stats.accepted >= accepted);
        accepted = stats.accepted;
    }
    return NULL;
}

static void auditor_start(auditor *auditor, const host *host) {
    auditor->host = host;
    atomic_init(&auditor->stop, false);
    SL_CHECK_EQ(pthread_create(&auditor->thread, NULL, audit, auditor), 0);
}

static void auditor_stop(auditor *auditor) {
    atomic_store(&auditor->stop, true);
    pthread_join(auditor->thread, NULL);
}

enum { PRODUCERS = 4, JOBS_EACH = 25000 };

typedef struct producer {
    pthread_t thread;
    const host *host;
    uint64_t number;
} producer;

static void *produce(void *argument) {
    producer *producer = argument;
    const char *sources[] = {"return ...", "local a = ... return {a}, a", "error(..., 0)", "no lua",
                             "n = (n or 0) + 1 return ..."};
    uint64_t seed = producer->number + 1;
    for (uint64_t at = 0; at < JOBS_EACH; at++) {
        uint64_t random = random_next(&seed);
        sl_value arg = integer_value((int64_t)(producer->number * JOBS_EACH + at));
        sl_script_job job = job_of(sources[random % 5]);
        job.owner = producer->number * JOBS_EACH + at;
        job.args = &arg;
        job.args_len = 1;
        job.priority = random % 7 == 0 ? SL_PRIORITY_HIGH : SL_PRIORITY_NORMAL;
        job.affinity = random % 11 == 0 ? random % 5 : 0;
        sl_status status;
        while ((status = sl_script_runner_enqueue(producer->host->runner, &job, NULL)) ==
               SL_STATUS_FULL) {
            sched_yield();
        }
        SL_CHECK_OK(status);
    }
    return NULL;
}

SL_TEST(a_hundred_thousand_jobs_of_four_threads_have_one_result_each) {
    sl_script_runner_config config = config_of(3, 0);
    config.job_capacity = 1000;
    host host = host_with(&config);
    producer producers[PRODUCERS];
    auditor auditor;
    static uint8_t seen[PRODUCERS * JOBS_EACH];
    auditor_start(&auditor, &host);
    for (uint64_t at = 0; at < PRODUCERS; at++) {
        producers[at].host = &host;
        producers[at].number = at;
        SL_CHECK_EQ(pthread_create(&producers[at].thread, NULL, produce, &producers[at]), 0);
    }
    for (size_t at = 0; at < PRODUCERS * JOBS_EACH; at++) {
        sl_action action = next_action(&host);
        SL_CHECK(action.owner < PRODUCERS * JOBS_EACH);
        SL_CHECK_EQ(seen[action.owner], 0);
        seen[action.owner] = 1;
        if (action.success) {
            SL_CHECK_EQ(strtoull(action.result->text, NULL, 10), action.owner);
        }
        SL_CHECK_OK(sl_action_free(&action));
    }
    for (size_t at = 0; at < PRODUCERS; at++) {
        pthread_join(producers[at].thread, NULL);
    }
    auditor_stop(&auditor);
    sl_script_runner_stats stats = stats_of(&host);
    SL_CHECK_EQ(stats.accepted, PRODUCERS * JOBS_EACH);
    SL_CHECK_EQ(stats.delivered, PRODUCERS * JOBS_EACH);
    SL_CHECK_EQ(stats.queued + stats.running, 0);
    SL_CHECK(stats.queue_high_water <= config.job_capacity);
    host_free(&host);
}

static void count_result(void *userdata, const sl_script_result *result) {
    (void)result;
    atomic_fetch_add((atomic_uint *)userdata, 1);
}

static void count_drop(void *userdata) {
    atomic_fetch_add((atomic_uint *)userdata + 1, 1);
}

SL_TEST(starting_and_stopping_loses_no_job) {
    uint64_t seed = 7;
    for (int round = 0; round < 400; round++) {
        atomic_uint counts[2] = {0, 0}; /* results and drops */
        uint32_t workers = 1 + (uint32_t)(random_next(&seed) % 4);
        host host = host_of(workers, 1 + (uint32_t)(random_next(&seed) % 4));
        uint64_t jobs = random_next(&seed) % 40;
        for (uint64_t at = 0; at < jobs; at++) {
            sl_script_job job = job_of("return 1");
            job.delivery = at % 2 == 0 ? SL_DELIVERY_WORKER : SL_DELIVERY_BOTH;
            job.on_result = count_result;
            job.userdata = counts;
            job.drop = count_drop;
            job.affinity = random_next(&seed) % 3;
            enqueue(&host, &job);
        }
        host_free(&host);
        SL_CHECK_EQ(atomic_load(&counts[0]), jobs);
        SL_CHECK_EQ(atomic_load(&counts[1]), jobs);
    }
}

/* Enqueues until the runner is gone. */
typedef struct hammer {
    pthread_t thread;
    sl_script_runner *runner;
    uint32_t accepted;
    atomic_uint *counts;
    atomic_uint *started;
} hammer;

static void *hammer_on(void *argument) {
    hammer *hammer = argument;
    sl_script_job job = job_of("return 1");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = count_result;
    job.userdata = hammer->counts;
    job.drop = count_drop;
    for (;;) {
        sl_status status = sl_script_runner_enqueue(hammer->runner, &job, NULL);
        if (status == SL_STATUS_OK) {
            if (hammer->accepted++ == 0) {
                atomic_fetch_add(hammer->started, 1);
            }
        } else if (status != SL_STATUS_FULL) {
            SL_CHECK(status == SL_STATUS_CLOSED || status == SL_STATUS_STALE_HANDLE);
            return NULL;
        }
    }
}

SL_TEST(free_while_others_enqueue_gives_every_accepted_job_its_result) {
    for (int round = 0; round < 200; round++) {
        atomic_uint counts[2] = {0, 0};
        atomic_uint started = 0;
        sl_script_runner_config config = config_of(2, 2);
        config.job_capacity = 64;
        host host = host_with(&config);
        hammer hammers[3];
        for (size_t at = 0; at < 3; at++) {
            hammer hammer = {0, host.runner, 0, counts, &started};
            hammers[at] = hammer;
            SL_CHECK_EQ(pthread_create(&hammers[at].thread, NULL, hammer_on, &hammers[at]), 0);
        }
        while (atomic_load(&started) < 3) {
            sched_yield();
        }
        host_free(&host);
        uint32_t accepted = 0;
        for (size_t at = 0; at < 3; at++) {
            pthread_join(hammers[at].thread, NULL);
            accepted += hammers[at].accepted;
        }
        SL_CHECK_EQ(atomic_load(&counts[0]), accepted);
        SL_CHECK_EQ(atomic_load(&counts[1]), accepted);
    }
}

SL_TEST(one_job_at_a_time_always_wakes_a_worker) {
    host host = host_of(2, 0);
    for (int at = 0; at < 20000; at++) {
        check_text(&host, "return 'awake'", "awake");
    }
    host_free(&host);
}

enum { KEYS = 16, KEY_JOBS = 500 };

static void check_turn(void *userdata, const sl_script_result *result) {
    uint64_t *turns = userdata; /* by key; only the key's worker touches it */
    SL_CHECK_EQ(result->outcome, SL_OUTCOME_OK);
    uint64_t key = result->owner % KEYS;
    SL_CHECK_EQ(turns[key], result->owner / KEYS);
    turns[key]++;
}

SL_TEST(affine_jobs_keep_their_order_under_load) {
    static uint64_t turns[KEYS];
    host host = host_of(4, 3);
    for (uint64_t at = 0; at < KEYS * KEY_JOBS; at++) {
        sl_value args[2] = {integer_value((int64_t)(at % KEYS)),
                            integer_value((int64_t)(at / KEYS))};
        sl_script_job job = job_of("turns = turns or {}\nlocal key, turn = ...\n"
                                   "assert((turns[key] or 0) == turn)\nturns[key] = turn + 1");
        job.args = args;
        job.args_len = 2;
        job.owner = at;
        job.affinity = at % KEYS + 1;
        job.delivery = SL_DELIVERY_WORKER;
        job.on_result = check_turn;
        job.userdata = turns;
        enqueue(&host, &job);
        job = job_of("return 1");
        job.delivery = SL_DELIVERY_NONE;
        enqueue(&host, &job);
    }
    while (stats_of(&host).delivered < 2 * KEYS * KEY_JOBS) {
        sched_yield();
    }
    host_free(&host);
    for (size_t key = 0; key < KEYS; key++) {
        SL_CHECK_EQ(turns[key], KEY_JOBS);
    }
}
