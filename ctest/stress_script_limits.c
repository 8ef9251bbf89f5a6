/* Jobs that end in all ways at once, and runners that end while jobs do. Seeds are fixed. */
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "script_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { JOBS_EACH = 5000 };
#else
enum { JOBS_EACH = 250000 };
#endif
enum { PRODUCERS = 4, OUTCOMES = 10, RUNNERS = 10000 };

static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static atomic_ullong drops;

static void count_drop(void *userdata) {
    (void)userdata;
    atomic_fetch_add_explicit(&drops, 1, memory_order_relaxed);
}

typedef struct producer {
    pthread_t thread;
    const host *host;
    uint64_t seed;
    uint64_t jobs;
    uint64_t cancelled; /* calls of cancel that said so */
} producer;

static void *produce(void *argument) {
    producer *producer = argument;
    const char *sources[] = {"return ...", "error('no')", "x(", "n = (n or 0) + 1 return n"};
    for (uint64_t at = 0; at < producer->jobs; at++) {
        uint64_t random = random_next(&producer->seed);
        sl_script_job job = job_of(sources[random % 4]);
        job.drop = count_drop;
        if (random % 4001 == 0) {
            job.source = "while true do end";
            job.source_len = strlen(job.source);
            job.deadline_ms = 1 + random % 2;
        } else if (random % 1009 == 0) {
            job.source = "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end";
            job.source_len = strlen(job.source);
            job.memory_max = 256 << 10;
        }
        sl_job_id id = 0;
        sl_status status;
        while ((status = sl_script_runner_enqueue(producer->host->runner, &job, &id)) ==
               SL_STATUS_FULL) {
            sched_yield();
        }
        SL_CHECK_OK(status);
        if (random % 97 == 0) {
            status = sl_script_runner_cancel(producer->host->runner, id);
            SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_NOT_FOUND);
            producer->cancelled += status == SL_STATUS_OK;
        }
    }
    return NULL;
}

/* Runs so many jobs of each producer, and checks that each has one result. */
static void run_mixed(const host *host, uint64_t jobs_each, uint64_t outcomes[OUTCOMES]) {
    sl_script_runner_stats before = stats_of(host);
    uint64_t drops_before = atomic_load(&drops);
    producer producers[PRODUCERS];
    for (uint64_t at = 0; at < PRODUCERS; at++) {
        producers[at] =
            (producer){.host = host, .seed = before.accepted + at + 1, .jobs = jobs_each};
        SL_CHECK_EQ(pthread_create(&producers[at].thread, NULL, produce, &producers[at]), 0);
    }
    uint64_t jobs = PRODUCERS * jobs_each, sum = 0, first = before.accepted + 1;
    for (uint64_t at = 0; at < jobs; at++) {
        sl_action action = next_action(host);
        sum += action.id - first;
        SL_CHECK(action.result->outcome < OUTCOMES);
        outcomes[action.result->outcome]++;
        stats_of(host); /* the sums hold at any moment */
        SL_CHECK_OK(sl_action_free(&action));
    }
    SL_CHECK_EQ(sum, jobs * (jobs - 1) / 2); /* each id once */
    uint64_t cancelled = 0;
    for (uint64_t at = 0; at < PRODUCERS; at++) {
        SL_CHECK_EQ(pthread_join(producers[at].thread, NULL), 0);
        cancelled += producers[at].cancelled;
    }
    sl_script_runner_stats after = stats_of(host);
    SL_CHECK_EQ(after.accepted - before.accepted, jobs);
    SL_CHECK_EQ(after.delivered - before.delivered, jobs);
    SL_CHECK_EQ(after.queued + after.running, 0);
    SL_CHECK_EQ(atomic_load(&drops) - drops_before, jobs);
    /* A job may end by itself in the last moment. */
    SL_CHECK(outcomes[SL_OUTCOME_CANCELLED] <= cancelled);
}

/* Without the pages that the allocator keeps although nothing lies on them. */
static uint64_t resident_bytes(void) {
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    SL_CHECK(file != NULL);
    unsigned long long size = 0, resident = 0;
    SL_CHECK_EQ(fscanf(file, "%llu %llu", &size, &resident), 2);
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

SL_TEST(a_million_jobs_that_end_in_all_ways_add_up_and_leave_no_memory) {
    sl_script_runner_config config = config_of(2, 2);
    config.job_capacity = 1000;
    host host = host_with(&config);
    uint64_t warm_up[OUTCOMES] = {0}, outcomes[OUTCOMES] = {0};
    /* As many as are measured: so long do the caches that malloc has for each thread take to fill,
       one size at a time; with GLIBC_TUNABLES=glibc.malloc.tcache_count=0 nothing grows at all. */
    run_mixed(&host, JOBS_EACH, warm_up);
    uint64_t start = resident_bytes();
    run_mixed(&host, JOBS_EACH, outcomes);
    SL_CHECK(outcomes[SL_OUTCOME_OK] > 0 && outcomes[SL_OUTCOME_SCRIPT_ERROR] > 0);
    SL_CHECK(outcomes[SL_OUTCOME_TIMEOUT] > 0 && outcomes[SL_OUTCOME_MEMORY] > 0);
    SL_CHECK(outcomes[SL_OUTCOME_LOAD_ERROR] > 0 && outcomes[SL_OUTCOME_CANCELLED] > 0);
    SL_CHECK_EQ(outcomes[SL_OUTCOME_CLOSED], 0);
    SL_CHECK_EQ(stats_of(&host).workers_replaced, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* What is lost stays lost; only pages that a few blocks keep come free later. */
    for (int tries = 0; resident_bytes() >= start + start / 10; tries++) {
        SL_CHECK(tries < 5);
        uint64_t more[OUTCOMES] = {0};
        run_mixed(&host, JOBS_EACH / 100, more);
    }
#else
    (void)start; /* a sanitizer keeps what was freed */
#endif
    host_free(&host);
}

SL_TEST(ten_thousand_runners_end_under_load_and_lose_no_job) {
    sl_action_queue *results = NULL;
    SL_CHECK_OK(sl_action_queue_new(NULL, &results));
    sl_script_runner_config config = config_of(2, 2);
    config.actions = results;
    const char *sources[] = {"return 1", "while true do end", "error('no')",
                             "while true do pcall(error) end"};
    uint64_t seed = 7, drops_before = atomic_load(&drops), jobs = 0;
    for (int round = 0; round < RUNNERS; round++) {
        host host = host_with(&config);
        sl_job_id last = 0;
        uint64_t here = random_next(&seed) % 6;
        for (uint64_t at = 0; at < here; at++) {
            sl_script_job job = job_of(sources[random_next(&seed) % 4]);
            job.drop = count_drop;
            last = enqueue(&host, &job);
        }
        if (last != 0 && random_next(&seed) % 2 == 0) {
            sl_status status = sl_script_runner_cancel(host.runner, 1 + random_next(&seed) % last);
            SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_NOT_FOUND);
        }
        host_free(&host);
        for (uint64_t at = 0; at < here; at++) {
            sl_action action = {.size = sizeof action};
            SL_CHECK_OK(sl_action_queue_try_pop(results, &action));
            SL_CHECK_OK(sl_action_free(&action));
        }
        jobs += here;
    }
    sl_action action = {.size = sizeof action};
    SL_CHECK_STATUS(sl_action_queue_try_pop(results, &action), SL_STATUS_EMPTY);
    SL_CHECK_EQ(atomic_load(&drops) - drops_before, jobs);
    SL_CHECK_OK(sl_action_queue_free(results));
}

/* A signal that came while a state was replaced armed the hook of the one that was freed. */
SL_TEST(deadlines_pass_while_states_are_replaced) {
    /* Each replacement is a line of the log. */
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_ERROR, NULL, NULL, NULL));
    sl_script_runner_config config = config_of(2, 2);
    host host = host_with(&config);
    uint64_t seed = 11, replaced = 0;
    for (int round = 0; round < 100; round++) {
        for (int at = 0; at < 10; at++) {
            sl_script_job job =
                job_of("g = g or {} while true do g[#g + 1] = ('x'):rep(1000) .. #g end");
            job.memory_max = 512 << 10;
            job.deadline_ms = 1 + random_next(&seed) % 3;
            enqueue(&host, &job);
        }
        for (int at = 0; at < 10; at++) {
            sl_action action = next_action(&host);
            uint32_t outcome = action.result->outcome;
            SL_CHECK(outcome == SL_OUTCOME_MEMORY || outcome == SL_OUTCOME_TIMEOUT);
            SL_CHECK_OK(sl_action_free(&action));
        }
    }
    for (uint32_t number = 0; number < 2; number++) {
        sl_script_state_stats stats = {.size = sizeof stats};
        SL_CHECK_OK(sl_script_runner_read_state(host.runner, number, &stats));
        replaced += stats.replaced;
    }
    SL_CHECK(replaced > 0);
    host_free(&host);
}
