/* Jobs: what can be asked for, and in which order it happens. */
#include <pthread.h>

#include "script_test.h"

enum { SEEN_MAX = 64 };

/* What a callback on a worker saw. */
typedef struct seen {
    pthread_mutex_t lock;
    uint64_t owners[SEEN_MAX];
    uint32_t workers[SEEN_MAX];
    uint32_t outcomes[SEEN_MAX];
    size_t results;
    size_t drops;
    pthread_t thread;
    sem_t one_more;
} seen;

static void seen_init(seen *seen) {
    memset(seen, 0, sizeof *seen);
    pthread_mutex_init(&seen->lock, NULL);
    sem_init(&seen->one_more, 0, 0);
}

static void see(void *userdata, const sl_script_result *result) {
    seen *seen = userdata;
    pthread_mutex_lock(&seen->lock);
    SL_CHECK(seen->results < SEEN_MAX);
    seen->owners[seen->results] = result->owner;
    seen->workers[seen->results] = result->worker;
    seen->outcomes[seen->results] = result->outcome;
    seen->results++;
    seen->thread = pthread_self();
    pthread_mutex_unlock(&seen->lock);
}

static void see_drop(void *userdata) {
    seen *seen = userdata;
    pthread_mutex_lock(&seen->lock);
    seen->drops++;
    pthread_mutex_unlock(&seen->lock);
    sem_post(&seen->one_more);
}

static void seen_wait(seen *seen, size_t drops) {
    while (drops-- > 0) {
        while (sem_wait(&seen->one_more) != 0) {
        }
    }
}

static sl_script_job seen_job(seen *seen, const char *source, uint64_t owner) {
    sl_script_job job = job_of(source);
    job.owner = owner;
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = see;
    job.userdata = seen;
    job.drop = see_drop;
    return job;
}

SL_TEST(init_asks_for_an_action_at_normal_priority) {
    sl_script_job job;
    memset(&job, 0xff, sizeof job);
    SL_CHECK_OK(sl_script_job_init(&job, sizeof job));
    SL_CHECK_EQ(job.size, sizeof job);
    SL_CHECK_EQ(job.priority, SL_PRIORITY_NORMAL);
    SL_CHECK_EQ(job.delivery, SL_DELIVERY_ACTION);
    SL_CHECK(job.source == NULL && job.args == NULL && job.chunk_name == NULL);
    SL_CHECK(job.on_result == NULL && job.drop == NULL && job.userdata == NULL);
    SL_CHECK_EQ(job.affinity, 0);
    SL_CHECK_STATUS(sl_script_job_init(NULL, sizeof job), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_script_job_init(&job, 0), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_script_job_init(&job, sizeof job.size), SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(a_nul_does_not_cut_the_source) {
    host host = host_of(1, 1);
    const char source[] = "local s = 'a\0b'\nreturn #s, s";
    sl_script_job job = job_of_bytes(source, sizeof source - 1);
    sl_action action = run_job(&host, &job);
    SL_CHECK_STR_EQ(action.result->error, NULL);
    SL_CHECK_EQ(action.result->values[0].as.integer, 3);
    SL_CHECK_EQ(action.result->text_len, 3);
    SL_CHECK(memcmp(action.result->text, "a\0b", 4) == 0);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_byte_order_mark_and_a_shebang_are_skipped_and_lines_still_count) {
    host host = host_of(1, 1);
    check_text(&host, "\xef\xbb\xbfreturn 1", "1");
    check_text(&host, "#!/usr/bin/lua\nreturn 2", "2");
    check_text(&host, "\xef\xbb\xbf#!/usr/bin/lua\nreturn 3", "3");
    check_text(&host, "# nothing else", NULL);
    check_error(&host, "#!/usr/bin/lua\nerror('here')", SL_OUTCOME_SCRIPT_ERROR, "script:2: here");
    host_free(&host);
}

SL_TEST(bytecode_is_refused_wherever_it_comes_in) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "return string.dump(function() return 1 end)");
    sl_script_job job = job_of_bytes(action.result->text, action.result->text_len);
    sl_action loaded = run_job(&host, &job);
    SL_CHECK_EQ(loaded.result->outcome, SL_OUTCOME_LOAD_ERROR);
    SL_CHECK(strstr(loaded.result->error, "binary chunk") != NULL);
    SL_CHECK_OK(sl_action_free(&loaded));
    SL_CHECK_OK(sl_action_free(&action));
    const char *dump = "local code = string.dump(function() return 1 end)\n";
    const char *ways[] = {"return load(code)", "return load(code, 'x', 'b')",
                          "return load(code, 'x', 'bt')",
                          "return load(function() local c = code code = nil return c end)"};
    for (size_t at = 0; at < 4; at++) {
        char source[256];
        snprintf(source, sizeof source, "%s%s", dump, ways[at]);
        action = run_source(&host, source);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
        SL_CHECK_EQ(action.result->values[0].kind, SL_VALUE_KIND_NIL);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(a_chunk_has_the_name_that_it_was_given) {
    host host = host_of(1, 1);
    const char *names[] = {"@scripts/door.lua", "=door", "door", ""};
    const char *starts[] = {"scripts/door.lua:1: x", "door:1: x", "[string \"door\"]:1: x",
                            "[string \"\"]:1: x"};
    for (size_t at = 0; at < 4; at++) {
        sl_script_job job = job_of("error('x')");
        job.chunk_name = names[at];
        sl_action action = run_job(&host, &job);
        SL_CHECK_EQ(strncmp(action.result->error, starts[at], strlen(starts[at])), 0);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(arguments_are_the_chunks_varargs) {
    host host = host_of(1, 1);
    sl_value args[3] = {integer_value(1), nil_value(), text_value("three")};
    sl_script_job job = job_of("local a, b, c = ... return select('#', ...), a, b, c");
    job.args = args;
    job.args_len = 3;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->values[0].as.integer, 3);
    SL_CHECK_EQ(action.result->values[1].as.integer, 1);
    SL_CHECK_EQ(action.result->values[2].kind, SL_VALUE_KIND_NIL);
    SL_CHECK_STR_EQ(action.result->text, "three");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(everything_is_copied_by_the_call) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    char source[] = "return ...";
    char name[] = "=name";
    char text[] = "text";
    sl_value arg = text_value(text);
    sl_script_job job = job_of(source);
    job.chunk_name = name;
    job.args = &arg;
    job.args_len = 1;
    enqueue(&host, &job);
    memset(source, '!', sizeof source);
    memset(name, '!', sizeof name);
    memset(text, '!', sizeof text);
    memset(&arg, 0xff, sizeof arg);
    memset(&job, 0xff, sizeof job);
    gate_open(&gate);
    sl_action action = next_action(&host);
    SL_CHECK_STR_EQ(action.result->text, "text");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(too_many_arguments_are_a_value_error) {
    sl_script_runner_config config = config_of(1, 1);
    config.value_items_max = 2000000;
    host host = host_with(&config);
    enum { COUNT = 1200000 };
    sl_value *args = calloc(COUNT, sizeof *args);
    SL_CHECK(args != NULL);
    sl_script_job job = job_of("return select('#', ...)");
    job.args = args;
    job.args_len = COUNT;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_VALUE_ERROR);
    SL_CHECK_STR_EQ(action.result->error, "too many values for the Lua stack");
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return 'usable'", "usable");
    free(args);
    host_free(&host);
}

SL_TEST(a_result_for_the_worker_arrives_on_its_thread_and_nowhere_else) {
    host host = host_of(1, 1);
    seen seen;
    seen_init(&seen);
    sl_script_job job = seen_job(&seen, "return 1", 7);
    enqueue(&host, &job);
    seen_wait(&seen, 1);
    SL_CHECK_EQ(seen.results, 1);
    SL_CHECK_EQ(seen.owners[0], 7);
    SL_CHECK(!pthread_equal(seen.thread, pthread_self()));
    sl_action action = {.size = sizeof action};
    check_text(&host, "return 'the next one'", "the next one");
    SL_CHECK_STATUS(sl_action_queue_try_pop(host.actions, &action), SL_STATUS_EMPTY);
    host_free(&host);
}

SL_TEST(a_result_for_both_meets_the_callback_and_the_drop_first) {
    host host = host_of(1, 1);
    seen seen;
    seen_init(&seen);
    sl_script_job job = seen_job(&seen, "return 1", 7);
    job.delivery = SL_DELIVERY_BOTH;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(seen.results, 1);
    SL_CHECK_EQ(seen.drops, 1);
    SL_CHECK_STR_EQ(action.result->text, "1");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_result_for_nobody_is_only_counted) {
    host host = host_of(1, 1);
    seen seen;
    seen_init(&seen);
    sl_script_job job = seen_job(&seen, "return 1", 7);
    job.delivery = SL_DELIVERY_NONE;
    enqueue(&host, &job);
    check_text(&host, "return 'the next one'", "the next one");
    SL_CHECK_EQ(seen.results, 0);
    SL_CHECK_EQ(seen.drops, 1);
    SL_CHECK_EQ(stats_of(&host).ok, 2);
    host_free(&host);
}

SL_TEST(an_unknown_delivery_is_refused_and_so_is_one_without_its_callback) {
    host host = host_of(1, 1);
    seen seen;
    seen_init(&seen);
    sl_script_job job = seen_job(&seen, "return 1", 0);
    const uint32_t unknown[] = {4, 5, 256, UINT32_MAX};
    for (size_t at = 0; at < 4; at++) {
        job.delivery = unknown[at];
        SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, NULL),
                        SL_STATUS_INVALID_ARGUMENT);
    }
    job.on_result = NULL;
    job.delivery = SL_DELIVERY_WORKER;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, NULL), SL_STATUS_NULL_ARGUMENT);
    job.delivery = SL_DELIVERY_BOTH;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host.runner, &job, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(stats_of(&host).accepted, 0);
    host_free(&host);
    SL_CHECK_EQ(seen.drops, 0); /* nothing was taken */
}

SL_TEST(drop_runs_once_whatever_becomes_of_the_job) {
    host host = host_of(1, 1);
    seen seen;
    seen_init(&seen);
    const char *sources[] = {"return 1", "error('x')", "no lua", "return print"};
    const uint32_t deliveries[] = {SL_DELIVERY_ACTION, SL_DELIVERY_WORKER, SL_DELIVERY_BOTH,
                                   SL_DELIVERY_NONE};
    for (size_t at = 0; at < 16; at++) {
        sl_script_job job = seen_job(&seen, sources[at % 4], at);
        job.delivery = deliveries[at / 4];
        enqueue(&host, &job);
    }
    gate gate;
    gate_close(&gate, &host, 0); /* everything before it has ended */
    SL_CHECK_EQ(seen.drops, 16);
    SL_CHECK_EQ(seen.results, 8);
    for (size_t at = 0; at < 4; at++) { /* these end as closed */
        sl_script_job job = seen_job(&seen, "return 1", at);
        job.delivery = deliveries[at];
        enqueue(&host, &job);
    }
    gate_open(&gate);
    host_free(&host);
    SL_CHECK_EQ(seen.drops, 20);
    SL_CHECK_EQ(seen.results, 10);
}

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
        sl_script_job job = seen_job(&seen, "mine = mine or {}\nlocal key, turn = ...\n"
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
