/* Results: what a job that ended says. */
#include <sys/resource.h>
#include <time.h>

#include "script_test.h"

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

SL_TEST(all_return_values_are_there_and_the_text_is_of_the_last) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "return 1, 'two', {3}, 4.0");
    const sl_script_result *result = action.result;
    SL_CHECK_EQ(action.kind, SL_ACTION_KIND_SCRIPT_RESULT);
    SL_CHECK_EQ(result->size, sizeof(sl_script_result));
    SL_CHECK_EQ(result->outcome, SL_OUTCOME_OK);
    SL_CHECK_EQ(result->values_len, 4);
    SL_CHECK_EQ(result->values[0].as.integer, 1);
    SL_CHECK_STR_EQ(result->values[1].as.bytes.data, "two");
    SL_CHECK_EQ(result->values[2].as.array.items[0].as.integer, 3);
    SL_CHECK_EQ(result->values[3].as.number, 4.0);
    SL_CHECK_STR_EQ(result->text, "4.0");
    SL_CHECK_EQ(result->text_len, 3);
    SL_CHECK_STR_EQ(result->error, NULL);
    SL_CHECK_EQ(result->error_len, 0);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_job_that_returns_nothing_has_no_values_and_no_text) {
    host host = host_of(1, 1);
    const char *sources[] = {"", "return", "local x = 1", "-- a comment"};
    for (size_t at = 0; at < 4; at++) {
        sl_action action = run_source(&host, sources[at]);
        SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_OK);
        SL_CHECK_EQ(action.result->values, (const sl_value *)NULL);
        SL_CHECK_EQ(action.result->values_len, 0);
        SL_CHECK_STR_EQ(action.result->text, NULL);
        SL_CHECK_EQ(action.result->text_len, 0);
        SL_CHECK_STR_EQ(action.message, NULL);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(the_text_is_what_tostring_gives) {
    host host = host_of(1, 1);
    check_text(&host, "return nil", "nil");
    check_text(&host, "return true", "true");
    check_text(&host, "return 1, false", "false");
    check_text(&host, "return math.mininteger", "-9223372036854775808");
    check_text(&host, "return math.maxinteger", "9223372036854775807");
    check_text(&host, "return 1e15", "1e+15");
    check_text(&host, "return 0.1", "0.1");
    check_text(&host, "return 2^53", "9.007199254741e+15");
    check_text(&host, "return -0.0", "-0.0");
    check_text(&host, "return 1/0", "inf");
    check_text(&host, "return ''", "");
    check_text(&host, "return setmetatable({}, {__tostring = function() return 'a sword' end})",
               "a sword");
    check_text(&host, "return setmetatable({}, {__name = 'sword'}) and 1", "1");
    host_free(&host);
}

SL_TEST(a_text_of_any_length_is_whole_and_ends_with_a_nul) {
    host host = host_of(1, 1);
    const char *maker = "local len = ...\nlocal text = ('x'):rep(len)\n"
                        "return setmetatable({}, {__tostring = function() return text end})";
    for (int64_t len = 0; len < 200; len = len * 2 + 7) {
        sl_value arg = integer_value(len);
        sl_script_job job = job_of(maker);
        job.args = &arg;
        job.args_len = 1;
        sl_action action = run_job(&host, &job);
        SL_CHECK_EQ(action.result->text_len, len);
        SL_CHECK_EQ(strspn(action.result->text, "x"), len);
        SL_CHECK_EQ(action.result->text[len], 0);
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}

SL_TEST(the_text_of_bytes_is_the_bytes) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "return 'a\\0b\\255'");
    SL_CHECK_EQ(action.result->text_len, 4);
    SL_CHECK(memcmp(action.result->text, "a\0b\xff", 5) == 0);
    SL_CHECK_EQ(action.message_len, 4);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_text_that_fails_is_a_value_error) {
    host host = host_of(1, 1);
    check_error(&host,
                "return 1, setmetatable({}, {__tostring = function() error('no text', 0) end})",
                SL_OUTCOME_VALUE_ERROR, "result 2 has no text: no text");
    check_error(&host, "return setmetatable({}, {__tostring = function() return {} end})",
                SL_OUTCOME_VALUE_ERROR, "'__tostring' must return a string");
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(a_source_that_is_no_lua_is_a_load_error_with_its_line) {
    host host = host_of(1, 1);
    check_error(&host, "local x = 1\nlocal y =", SL_OUTCOME_LOAD_ERROR,
                "script:2: unexpected symbol near <eof>");
    check_error(&host, "return 1 1", SL_OUTCOME_LOAD_ERROR, "script:1:");
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(an_error_has_its_line_and_a_traceback) {
    host host = host_of(1, 1);
    const char *source = "local function strike(enemy)\n"
                         "  return enemy.health\n"
                         "end\n"
                         "local hit = strike()\n"
                         "return hit";
    sl_action action = run_source(&host, source);
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_SCRIPT_ERROR);
    SL_CHECK_STR_EQ(action.result->error, "script:2: attempt to index a nil value (local 'enemy')\n"
                                          "stack traceback:\n"
                                          "\tscript:2: in local 'strike'\n"
                                          "\tscript:4: in main chunk");
    SL_CHECK_STR_EQ(action.message, action.result->error);
    SL_CHECK_EQ(action.success, false);
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(an_error_may_be_any_value) {
    host host = host_of(1, 1);
    uint32_t outcome = SL_OUTCOME_SCRIPT_ERROR;
    check_error(&host, "error('plain', 0)", outcome, "plain\nstack traceback:\n");
    check_error(&host, "error()", outcome, "(error object is nil)\nstack traceback:\n");
    check_error(&host, "error(42)", outcome, "42\nstack traceback:\n");
    check_error(&host, "error(true)", outcome, "true\nstack traceback:\n");
    check_error(&host, "error({})", outcome, "table: 0x");
    check_error(&host, "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
                outcome, "mine\nstack traceback:\n");
    check_error(&host, "error(setmetatable({}, {__tostring = function() error('no') end}))",
                outcome, "(error object has a __tostring that fails)\nstack traceback:\n");
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(an_error_keeps_nuls_and_bytes_that_are_no_utf_8) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "error('a\\0b\\xff\\xfec', 0)");
    SL_CHECK_EQ(action.result->outcome, SL_OUTCOME_SCRIPT_ERROR);
    SL_CHECK(action.result->error_len > 6);
    SL_CHECK(memcmp(action.result->error,
                    "a\0b\xff\xfe"
                    "c\nstack",
                    11) == 0);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_stack_that_overflows_is_a_script_error) {
    host host = host_of(1, 1);
    uint32_t outcome = SL_OUTCOME_SCRIPT_ERROR;
    check_error(&host, "local function f() return 1 + f() end return f()", outcome,
                "stack overflow");
    check_error(&host,
                "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k)\n"
                "return t[k] end return t.x",
                outcome, "stack overflow");
    check_error(&host,
                "local s = string.rep('(', 1000) .. '1' .. string.rep(')', 1000)\n"
                "assert(load('return ' .. s))",
                outcome, "overflow");
    check_error(&host, "coroutine.yield(1)", outcome, "outside a coroutine");
    check_text(&host, "return 'usable'", "usable");
    host_free(&host);
}

SL_TEST(an_error_in_a_coroutine_is_caught_or_ends_the_job) {
    host host = host_of(1, 1);
    check_text(&host,
               "local ok, text = coroutine.resume(coroutine.create(function()\n"
               "error('inside', 0) end)) return text",
               "inside");
    check_error(&host, "coroutine.wrap(function() error('wrapped') end)()", SL_OUTCOME_SCRIPT_ERROR,
                "script:1: wrapped");
    host_free(&host);
}

SL_TEST(the_hosts_numbers_come_back_with_the_result) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("return 1");
    job.owner = UINT64_MAX;
    job.context = &host;
    sl_action action = run_job(&host, &job);
    SL_CHECK_EQ(action.owner, UINT64_MAX);
    SL_CHECK_EQ(action.context, (void *)&host);
    SL_CHECK_EQ(action.result->owner, UINT64_MAX);
    SL_CHECK_EQ(action.result->context, (void *)&host);
    SL_CHECK_EQ(action.result->worker, 0);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(ids_begin_at_1_and_count_up) {
    host host = host_of(2, 2);
    sl_script_job job = job_of("return 1");
    for (sl_job_id id = 1; id <= 10; id++) {
        SL_CHECK_EQ(enqueue(&host, &job), id);
    }
    host_free(&host);
}

SL_TEST(the_time_that_a_job_waits_is_in_its_result) {
    host host = host_of(1, 1);
    gate gate;
    gate_close(&gate, &host, 0);
    uint64_t before = now_ns();
    sl_script_job job = job_of("return 1");
    enqueue(&host, &job);
    uint64_t enqueued = now_ns();
    while (now_ns() < enqueued + 1000000) {
    }
    uint64_t opened = now_ns();
    gate_open(&gate);
    sl_action action = next_action(&host);
    uint64_t after = now_ns();
    SL_CHECK(action.result->wait_ns >= opened - enqueued);
    SL_CHECK(action.result->wait_ns + action.result->run_ns <= after - before);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_result_that_was_freed_is_found_out) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "return 'text'");
    sl_action copy = action;
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_EQ(action.result, (const sl_script_result *)NULL);
    SL_CHECK_STR_EQ(action.message, NULL);
    SL_CHECK_STATUS(sl_action_free(&copy), SL_STATUS_STALE_HANDLE);
    host_free(&host);
}

SL_TEST(a_result_outlives_its_runner) {
    host host = host_of(1, 1);
    sl_action action = run_source(&host, "return {1, 'two'}, 'text'");
    host_free(&host);
    SL_CHECK_STR_EQ(action.result->text, "text");
    SL_CHECK_STR_EQ(action.result->values[0].as.array.items[1].as.bytes.data, "two");
    SL_CHECK_OK(sl_action_free(&action));
}

SL_TEST(memory_that_runs_out_ends_the_job_and_nothing_else) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they need it themselves */
    host host = host_of(1, 1);
    check_text(&host, "return 'before'", "before");
    struct rlimit limit = {(rlim_t)1 << 29, (rlim_t)1 << 29};
    SL_CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    for (int round = 0; round < 3; round++) {
        check_error(&host, "local t = {} for i = 1, 64 do t[i] = ('x'):rep(1 << 24) .. i end",
                    SL_OUTCOME_MEMORY, "not enough memory");
    }
    check_text(&host, "return #('x'):rep(1 << 20)", "1048576");
    host_free(&host);
#endif
}

/* More results than the frame that Lua counts as in use has room for: one of Lua's own assertions,
   which random input found, and a collection on top of that. */
SL_TEST(a_collection_spares_many_results) {
    host host = host_of(1, 1);
    sl_action action =
        run_source(&host, "local all = {} for at = 1, 100000 do all[at] = at end"
                          " all[100001] = setmetatable({}, {__tostring = function()"
                          " for _ = 1, 5 do collectgarbage() end return 'the text' end})"
                          " return table.unpack(all)");
    const sl_script_result *result = action.result;
    SL_CHECK_EQ(result->outcome, SL_OUTCOME_OK);
    SL_CHECK_STR_EQ(result->text, "the text");
    SL_CHECK_EQ(result->values_len, 100001);
    for (size_t at = 0; at < 100000; at++) {
        SL_CHECK_EQ(result->values[at].as.integer, (int64_t)at + 1);
    }
    SL_CHECK_OK(sl_action_free(&action));
    check_text(&host, "return select('#', table.unpack({}, 1, 200000))", "200000");
    host_free(&host);
}
