/* What the tests of native jobs share: a runner with a loop that its results wake, payloads that
 * are counted, handlers that wait for the test, and copies of results. */
#ifndef JOBS_TEST_H
#define JOBS_TEST_H

#include <pthread.h>
#include <stdatomic.h>

#include "script_test.h"

typedef struct shop {
    host host;
    sl_loop *loop;
    sl_jobs *jobs;
} shop;

static inline sl_jobs *jobs_on(sl_script_runner *runner, sl_loop *loop, uint32_t capacity) {
    sl_jobs_config config;
    sl_jobs *jobs = NULL;
    SL_CHECK_OK(sl_jobs_config_init(&config, sizeof config));
    config.capacity = capacity;
    SL_CHECK_OK(sl_jobs_new(runner, loop, &config, &jobs));
    return jobs;
}

static inline shop shop_with(const sl_script_runner_config *config, uint32_t capacity) {
    shop made = {.host = host_with(config)};
    SL_CHECK_OK(sl_loop_new(NULL, &made.loop));
    made.jobs = jobs_on(made.host.runner, made.loop, capacity);
    SL_CHECK_OK(sl_jobs_register_builtins(made.jobs));
    return made;
}

static inline shop shop_of(uint32_t workers) {
    sl_script_runner_config config = config_of(workers, workers);
    return shop_with(&config, 0);
}

static inline void shop_free(shop *shop) {
    SL_CHECK_OK(sl_jobs_free(shop->jobs));
    host_free(&shop->host);
    SL_CHECK_OK(sl_loop_free(shop->loop));
}

static inline void register_kind(const shop *shop, const char *kind, sl_job_fn run,
                                 void *userdata) {
    SL_CHECK_OK(sl_jobs_register(shop->jobs, kind, strlen(kind), run, userdata, NULL));
}

static inline sl_job_request request_of(const char *kind, const char *payload) {
    sl_job_request request;
    SL_CHECK_OK(sl_job_request_init(&request, sizeof request));
    request.kind = kind;
    request.kind_len = strlen(kind);
    request.payload = payload;
    request.payload_len = strlen(payload);
    return request;
}

static inline sl_job_id submit(const shop *shop, const sl_job_request *request) {
    sl_job_id id = 0;
    SL_CHECK_OK(sl_jobs_submit(shop->jobs, request, &id));
    SL_CHECK(id != 0);
    return id;
}

static inline sl_job_id submit_of(const shop *shop, const char *kind, const char *payload,
                                  uint64_t owner) {
    sl_job_request request = request_of(kind, payload);
    request.owner = owner;
    return submit(shop, &request);
}

/* A copy of a result. */
typedef struct given {
    sl_job_id id;
    uint64_t owner;
    bool ok;
    bool cancelled;
    char kind[64];
    char text[256]; /* the result or the error */
    size_t text_len;
    int64_t aux[4];
    bool had_native;
    sl_native_payload native; /* looked at, not taken */
    uint64_t wait_ns;
    uint64_t run_ns;
} given;

static inline void copy_result(void *userdata, sl_job_result *result) {
    given *copy = userdata;
    SL_CHECK_EQ(result->size, sizeof *result);
    SL_CHECK_EQ(result->ok, result->error == NULL);
    SL_CHECK_EQ(result->ok, result->result != NULL);
    SL_CHECK(!(result->ok && result->cancelled));
    const char *text = result->ok ? result->result : result->error;
    copy->text_len = result->ok ? result->result_len : result->error_len;
    SL_CHECK(copy->text_len < sizeof copy->text && result->kind_len < sizeof copy->kind);
    memcpy(copy->text, text, copy->text_len + 1);
    SL_CHECK_EQ(copy->text[copy->text_len], '\0');
    memcpy(copy->kind, result->kind, result->kind_len + 1);
    SL_CHECK_EQ(copy->kind[result->kind_len], '\0');
    copy->id = result->id;
    copy->owner = result->owner;
    copy->ok = result->ok;
    copy->cancelled = result->cancelled;
    memcpy(copy->aux, result->aux, sizeof copy->aux);
    copy->had_native = result->native != NULL;
    if (copy->had_native) {
        copy->native = *result->native;
    }
    copy->wait_ns = result->wait_ns;
    copy->run_ns = result->run_ns;
}

static inline uint64_t poll_with(const shop *shop, const sl_job_filter *filter, uint32_t max,
                                 sl_job_result_fn run, void *userdata) {
    uint64_t count = UINT64_MAX;
    SL_CHECK_OK(sl_jobs_poll(shop->jobs, filter, max, run, userdata, &count));
    return count;
}

/* The statistics, which add up whenever they are read. */
static inline sl_jobs_stats jobs_stats(const shop *shop) {
    sl_jobs_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_jobs_read_stats(shop->jobs, &stats));
    SL_CHECK_EQ(stats.accepted, stats.queued + stats.running + stats.ready + stats.delivered);
    SL_CHECK_EQ(stats.ready + stats.delivered, stats.ok + stats.failed + stats.cancelled);
    SL_CHECK(stats.high_water <= stats.accepted);
    return stats;
}

/* Waits until so many results are ready: each wakes the loop. */
static inline void wait_ready(const shop *shop, uint64_t ready) {
    while (jobs_stats(shop).ready < ready) {
        SL_CHECK_OK(sl_loop_run_once(shop->loop, PATIENCE_MS, NULL));
    }
}

/* The next result, when it is there. */
static inline given next_given(const shop *shop) {
    given copy;
    wait_ready(shop, 1);
    SL_CHECK_EQ(poll_with(shop, NULL, 1, copy_result, &copy), 1);
    return copy;
}

static inline bool is_pending(const shop *shop, sl_job_id id) {
    bool pending = false;
    SL_CHECK_OK(sl_jobs_is_pending(shop->jobs, id, &pending));
    return pending;
}

static inline void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0) {
    }
}

/* Handlers that say that they were entered and wait until the test opens them. */
typedef struct door {
    sem_t entered;
    sem_t opened;
} door;

static inline void door_init(door *door) {
    sem_init(&door->entered, 0, 0);
    sem_init(&door->opened, 0, 0);
}

static inline void pass_door(void *userdata, sl_job *job) {
    door *door = userdata;
    sem_post(&door->entered);
    wait_for(&door->opened);
    SL_CHECK_OK(sl_job_return_text(job, job->payload, job->payload_len));
}

/* Keeps a worker busy; what is submitted meanwhile waits behind it if there is only one. */
static inline sl_job_id occupy(const shop *shop, door *door) {
    door_init(door);
    register_kind(shop, "door", pass_door, door);
    sl_job_id id = submit_of(shop, "door", "", 0);
    wait_for(&door->entered);
    return id;
}

/* A payload that counts how often it was freed. */
typedef struct counted {
    atomic_int drops;
    int64_t numbers[4];
} counted;

static inline void count_drop(void *userdata) {
    atomic_fetch_add(&((counted *)userdata)->drops, 1);
}

static inline sl_native_payload payload_of(counted *counted) {
    sl_native_payload payload = {
        .data = counted->numbers,
        .data_size = sizeof counted->numbers,
        .alignment = sizeof(int64_t),
        .element_size = sizeof(int64_t),
        .userdata = counted,
        .drop = count_drop,
    };
    return payload;
}

#endif /* JOBS_TEST_H */
