/* What the tests of scripts share: a runner with its queue, and one way to run a job and wait. */
#ifndef SCRIPT_TEST_H
#define SCRIPT_TEST_H

#include <semaphore.h>

#include "sl_test.h"

/* Far longer than anything here takes: reaching it is a failure, not a method. */
#define PATIENCE_MS 20000

typedef struct host {
    sl_script_runner *runner;
    sl_action_queue *actions;
} host;

static inline sl_script_runner_config config_of(uint32_t workers, uint32_t states) {
    sl_script_runner_config config;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = workers;
    config.states = states;
    return config;
}

static inline host host_with(const sl_script_runner_config *config) {
    host made = {NULL, NULL};
    SL_CHECK_OK(sl_script_runner_new(NULL, config, &made.runner));
    SL_CHECK_OK(sl_script_runner_actions(made.runner, &made.actions));
    return made;
}

static inline host host_of(uint32_t workers, uint32_t states) {
    sl_script_runner_config config = config_of(workers, states);
    return host_with(&config);
}

/* Scripts have all libraries. */
static inline host trusted_host(void) {
    sl_script_runner_config config = config_of(1, 1);
    config.library = SL_SCRIPT_LIBRARY_TRUSTED;
    return host_with(&config);
}

static inline void host_free(host *host) {
    SL_CHECK_OK(sl_script_runner_free(host->runner));
}

static inline sl_script_job job_of_bytes(const char *source, size_t source_len) {
    sl_script_job job;
    SL_CHECK_OK(sl_script_job_init(&job, sizeof job));
    job.source = source;
    job.source_len = source_len;
    return job;
}

static inline sl_script_job job_of(const char *source) {
    return job_of_bytes(source, strlen(source));
}

static inline sl_job_id enqueue(const host *host, const sl_script_job *job) {
    sl_job_id id = 0;
    SL_CHECK_OK(sl_script_runner_enqueue(host->runner, job, &id));
    SL_CHECK(id != 0);
    return id;
}

/* The next action; the caller frees it. */
static inline sl_action next_action(const host *host) {
    sl_action action = {.size = sizeof action};
    SL_CHECK_OK(sl_action_queue_pop_timeout(host->actions, PATIENCE_MS, &action));
    return action;
}

/* Runs a job to its end; the caller frees the action. */
static inline sl_action run_job(const host *host, const sl_script_job *job) {
    sl_job_id id = enqueue(host, job);
    sl_action action = next_action(host);
    SL_CHECK_EQ(action.id, id);
    SL_CHECK_EQ(action.result->id, id);
    SL_CHECK_EQ(action.success, action.result->outcome == SL_OUTCOME_OK);
    return action;
}

static inline sl_action run_source(const host *host, const char *source) {
    sl_script_job job = job_of(source);
    return run_job(host, &job);
}

/* Runs a source that must succeed, and compares the text of its last value. */
static inline void check_text(const host *host, const char *source, const char *text) {
    sl_action action = run_source(host, source);
    SL_CHECK_STR_EQ(action.result->error, NULL);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
    SL_CHECK_STR_EQ(action.result->text, text);
    SL_CHECK_OK(sl_action_free(&action));
}

/* Runs a source that must fail, and looks for a part of the error. */
static inline void check_error(const host *host, const char *source, uint32_t outcome,
                               const char *part) {
    sl_action action = run_source(host, source);
    const sl_script_result *result = action.result;
    SL_CHECK_EQ(result->outcome, outcome);
    SL_CHECK_EQ(result->values_len, 0);
    SL_CHECK_STR_EQ(result->text, NULL);
    SL_CHECK_EQ(strlen(result->error), result->error_len);
    if (strstr(result->error, part) == NULL) {
        SL_CHECK_STR_EQ(result->error, part);
    }
    SL_CHECK_OK(sl_action_free(&action));
}

static inline sl_script_runner_stats stats_of(const host *host) {
    sl_script_runner_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_script_runner_read_stats(host->runner, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.queued + stats.running);
    SL_CHECK_EQ(stats.delivered, stats.ok + stats.failed);
    SL_CHECK(stats.queued <= stats.accepted);
    SL_CHECK(stats.running <= stats.workers + 1); /* the watch ends jobs, too, one at a time */
    return stats;
}

/* Keeps a worker busy until it is opened: what is enqueued meanwhile waits. */
typedef struct gate {
    sem_t entered;
    sem_t opened;
} gate;

static inline void gate_wait(void *userdata, const sl_script_result *result) {
    gate *gate = userdata;
    (void)result;
    sem_post(&gate->entered);
    while (sem_wait(&gate->opened) != 0) {
    }
}

static inline void gate_close(gate *gate, const host *host, uint64_t affinity) {
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->opened, 0, 0);
    sl_script_job job = job_of("");
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = gate_wait;
    job.userdata = gate;
    job.affinity = affinity;
    enqueue(host, &job);
    while (sem_wait(&gate->entered) != 0) {
    }
}

static inline void gate_open(gate *gate) {
    sem_post(&gate->opened);
}

/* Values as arguments. */
static inline sl_value nil_value(void) {
    sl_value value = {.kind = SL_VALUE_KIND_NIL};
    return value;
}

static inline sl_value integer_value(int64_t integer) {
    sl_value value = {.kind = SL_VALUE_KIND_INTEGER};
    value.as.integer = integer;
    return value;
}

static inline sl_value number_value(double number) {
    sl_value value = {.kind = SL_VALUE_KIND_NUMBER};
    value.as.number = number;
    return value;
}

static inline sl_value boolean_value(bool boolean) {
    sl_value value = {.kind = SL_VALUE_KIND_BOOLEAN};
    value.as.boolean = boolean;
    return value;
}

static inline sl_value bytes_value(const char *data, size_t len) {
    sl_value value = {.kind = SL_VALUE_KIND_BYTES};
    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return value;
}

static inline sl_value text_value(const char *text) {
    return bytes_value(text, strlen(text));
}

static inline sl_value array_value(const sl_value *items, size_t len) {
    sl_value value = {.kind = SL_VALUE_KIND_ARRAY};
    value.as.array.items = items;
    value.as.array.len = len;
    return value;
}

static inline sl_value map_value(const sl_entry *entries, size_t len) {
    sl_value value = {.kind = SL_VALUE_KIND_MAP};
    value.as.map.entries = entries;
    value.as.map.len = len;
    return value;
}

static inline sl_value pointer_value(void *pointer) {
    sl_value value = {.kind = SL_VALUE_KIND_POINTER};
    value.as.pointer = pointer;
    return value;
}

/* The value of a map under a string; fails when there is none. */
static inline const sl_value *field(const sl_value *map, const char *name) {
    SL_CHECK_EQ(map->kind, SL_VALUE_KIND_MAP);
    for (size_t at = 0; at < map->as.map.len; at++) {
        const sl_entry *entry = &map->as.map.entries[at];
        if (entry->key.kind == SL_VALUE_KIND_BYTES && strcmp(entry->key.as.bytes.data, name) == 0) {
            return &entry->value;
        }
    }
    sl_test_fail(__FILE__, __LINE__, "the map has no field %s", name);
}

#endif /* SCRIPT_TEST_H */
