/* Jobs: what can be asked for, and where results go. */
#include "script_seen.h"

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
    host host = trusted_host();
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

static void never_dropped(void *userdata) {
    (void)userdata;
    SL_CHECK(false);
}

static void refuse(const host *host, const sl_script_job *job) {
    sl_job_id id = 77;
    SL_CHECK_STATUS(sl_script_runner_enqueue(host->runner, job, &id), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(id, 77);
}

SL_TEST(bad_input_is_a_status_and_changes_nothing) {
    enum { LONG = 1 << 20, LONGEST = 4096 };
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    job.drop = never_dropped;
    char *name = malloc(LONG + 1);
    SL_CHECK(name != NULL);
    memset(name, 'n', LONG);
    name[LONG] = 0;
    job.chunk_name = name;
    refuse(&host, &job);
    name[LONGEST + 1] = 0;
    refuse(&host, &job);
    job.chunk_name = NULL;
    size_t sizes[] = {0, 1, sizeof job.size, sizeof job + 1, sizeof job + 8, SIZE_MAX};
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        job.size = sizes[at];
        refuse(&host, &job);
    }
    job.size = sizeof job;
    job.delivery = SL_DELIVERY_NONE + 1;
    refuse(&host, &job);
    SL_CHECK_EQ(stats_of(&host).accepted, 0);
    /* The longest name is one, and a job of an older version has defaults for the rest. */
    job = job_of("return 1");
    name[LONGEST] = 0;
    job.chunk_name = name;
    job.size = offsetof(sl_script_job, args);
    job.drop = never_dropped; /* beyond the size: not looked at */
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.success, true);
    SL_CHECK_OK(sl_action_free(&action));
    free(name);
    host_free(&host);
}
