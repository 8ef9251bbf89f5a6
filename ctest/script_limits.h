/* What the tests of limits share: a function of the host's that blocks, and the log as a text. */
#ifndef SCRIPT_LIMITS_H
#define SCRIPT_LIMITS_H

#include <pthread.h>
#include <stdatomic.h>

#include "script_test.h"

#define MS UINT64_C(1000000)
#define KIB UINT64_C(1024)
#define NONE UINT64_MAX
#define ENDLESS "local n = 0\nwhile true do n = n + 1 end"
#define CLOSE(body) "setmetatable({}, {__close = function() " body " end})"

/* `hold()` in a script comes back when it is let go. */
typedef struct hold {
    sem_t entered;
    sem_t let_go;
    sem_t dropped;
    atomic_uint returned;
} hold;

static inline void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0) {
    }
}

/* An `on_thread_exit` whose userdata is a semaphore. */
static inline void note_exit(void *userdata, uint32_t worker) {
    (void)worker;
    sem_post(userdata);
}

static inline void hold_call(void *userdata, const sl_value *args, size_t args_len,
                             sl_script_return *ret) {
    hold *hold = userdata;
    (void)args, (void)args_len, (void)ret;
    sem_post(&hold->entered);
    wait_for(&hold->let_go);
    atomic_fetch_add(&hold->returned, 1);
}

static inline void hold_drop(void *userdata) {
    sem_post(&((hold *)userdata)->dropped);
}

static inline sl_script_function hold_function(hold *hold) {
    SL_CHECK_EQ(sem_init(&hold->entered, 0, 0), 0);
    SL_CHECK_EQ(sem_init(&hold->let_go, 0, 0), 0);
    SL_CHECK_EQ(sem_init(&hold->dropped, 0, 0), 0);
    atomic_init(&hold->returned, 0);
    sl_script_function function = {
        .name = "hold", .call = hold_call, .userdata = hold, .drop = hold_drop};
    return function;
}

/* A runner whose scripts can call it. */
static inline host holding_host(hold *hold, uint32_t workers, uint32_t states) {
    sl_script_function function = hold_function(hold);
    sl_script_runner_config config = config_of(workers, states);
    config.functions = &function; /* copied */
    config.functions_len = 1;
    return host_with(&config);
}

/* What the library has logged, line by line, from whatever thread. */
typedef struct lines {
    pthread_mutex_t lock;
    char text[4096];
    size_t len;
} lines;

static inline void lines_receive(void *userdata, uint32_t level, const char *text,
                                 size_t text_len) {
    lines *lines = userdata;
    SL_CHECK(level <= SL_LOG_LEVEL_WARN);
    SL_CHECK_EQ(pthread_mutex_lock(&lines->lock), 0);
    SL_CHECK(lines->len + text_len + 2 < sizeof lines->text);
    memcpy(lines->text + lines->len, text, text_len);
    lines->len += text_len;
    lines->text[lines->len++] = '\n';
    SL_CHECK_EQ(pthread_mutex_unlock(&lines->lock), 0);
}

static inline void lines_start(lines *lines) {
    memset(lines, 0, sizeof *lines);
    SL_CHECK_EQ(pthread_mutex_init(&lines->lock, NULL), 0);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_WARN, lines_receive, lines, NULL));
}

static inline void lines_end(void) {
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}

static inline void expect_part(const char *text, const char *part) {
    if (text == NULL || strstr(text, part) == NULL) {
        SL_CHECK_STR_EQ(text, part);
    }
}

static inline void lines_expect(lines *lines, const char *part) {
    SL_CHECK_EQ(pthread_mutex_lock(&lines->lock), 0);
    expect_part(lines->text, part);
    SL_CHECK_EQ(pthread_mutex_unlock(&lines->lock), 0);
}

static inline sl_script_state_stats state_of(const host *host, uint32_t number) {
    sl_script_state_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_script_runner_read_state(host->runner, number, &stats));
    return stats;
}

/* The next action is of this job, and says this. */
static inline void expect_action(const host *host, sl_job_id id, uint32_t outcome,
                                 const char *part) {
    sl_action action = next_action(host);
    const sl_script_result *result = action.result;
    SL_CHECK_EQ(action.id, id);
    SL_CHECK_EQ(action.success, outcome == SL_OUTCOME_OK);
    SL_CHECK_EQ(result->outcome, outcome);
    expect_part(outcome == SL_OUTCOME_OK ? result->text : result->error, part);
    SL_CHECK_OK(sl_action_free(&action));
}

static inline sl_script_job named_job(const char *source) {
    sl_script_job job = job_of(source);
    job.chunk_name = "=limit";
    return job;
}

/* The worker and its state are as good as before: nothing was replaced, globals are there. */
static inline void expect_healthy(const host *host) {
    check_text(host, "before = before or 'healthy' return before", "healthy");
    SL_CHECK_EQ(stats_of(host).workers_replaced, 0);
    SL_CHECK_EQ(state_of(host, 0).replaced, 0);
}

static inline void expect_ended(const host *host, const sl_script_job *job, uint32_t outcome,
                                const char *error) {
    sl_action action = run_job(host, job);
    SL_CHECK_EQ(action.result->outcome, outcome);
    expect_part(action.result->error, error);
    expect_part(action.result->error, "stack traceback:");
    SL_CHECK_EQ(action.result->values_len, 0);
    SL_CHECK_OK(sl_action_free(&action));
}

#endif /* SCRIPT_LIMITS_H */
