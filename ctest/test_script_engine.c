/* What scripts find in their states: the log, the main thread, and what was taken away. */
#include <pthread.h>

#include "script_test.h"

/* The lines of the log. */
typedef struct lines {
    pthread_mutex_t lock;
    char text[1024];
    size_t len;
    size_t longest;
    uint32_t drops;
} lines;

static void add_line(void *userdata, uint32_t level, const char *text, size_t text_len) {
    lines *lines = userdata;
    pthread_mutex_lock(&lines->lock);
    if (text_len > lines->longest) {
        lines->longest = text_len;
    }
    if (text_len < 100) {
        int len = snprintf(lines->text + lines->len, sizeof lines->text - lines->len, "%u:%.*s\n",
                           (unsigned)level, (int)text_len, text);
        SL_CHECK(len > 0 && (size_t)len < sizeof lines->text - lines->len);
        lines->len += (size_t)len;
    }
    pthread_mutex_unlock(&lines->lock);
}

static void drop_lines(void *userdata) {
    ((lines *)userdata)->drops++;
}

static void log_to(lines *lines, uint32_t max_level) {
    memset(lines, 0, sizeof *lines);
    pthread_mutex_init(&lines->lock, NULL);
    SL_CHECK_OK(sl_log_set(max_level, add_line, lines, drop_lines));
}

static void log_back(lines *lines) {
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
    SL_CHECK_EQ(lines->drops, 1);
}

SL_TEST(print_goes_to_the_log_as_info) {
    host host = host_of(1, 1);
    lines lines;
    log_to(&lines, SL_LOG_LEVEL_TRACE);
    check_text(&host, "print('a', 1, nil, 2.0, true) print() print('two\\nlines') return 1", "1");
    SL_CHECK_STR_EQ(lines.text, "3:a\t1\tnil\t2.0\ttrue\n3:\n3:two\nlines\n");
    check_text(&host,
               "print(setmetatable({}, {__tostring = function() return 'mine' end})) return 1",
               "1");
    SL_CHECK(strstr(lines.text, "3:mine\n") != NULL);
    log_back(&lines);
    host_free(&host);
}

SL_TEST(a_line_of_a_mebibyte_is_one_line) {
    host host = host_of(1, 1);
    lines lines;
    log_to(&lines, SL_LOG_LEVEL_INFO);
    check_text(&host, "print(('x'):rep(1 << 20)) return 1", "1");
    SL_CHECK_EQ(lines.longest, 1 << 20);
    log_back(&lines);
    host_free(&host);
}

SL_TEST(engine_log_has_levels_by_name_and_by_number) {
    host host = host_of(1, 1);
    lines lines;
    log_to(&lines, SL_LOG_LEVEL_DEBUG);
    check_text(&host,
               "engine.log('error', 'e') engine.log('warn', 'w') engine.log('info', 'i')\n"
               "engine.log('debug', 'd') engine.log('trace', 't') engine.log(1, 'one', 2)\n"
               "engine.log(5, 'five') return require('engine') == engine",
               "true");
    SL_CHECK_STR_EQ(lines.text, "1:e\n2:w\n3:i\n4:d\n1:one\t2\n");
    log_back(&lines);
    host_free(&host);
}

SL_TEST(an_unknown_level_is_an_error_at_the_callers_line) {
    host host = host_of(1, 1);
    const char *levels[] = {"'loud'", "0", "6", "1.5", "nil", "{}"};
    for (size_t at = 0; at < 6; at++) {
        char source[64];
        snprintf(source, sizeof source, "\nengine.log(%s, 'text')", levels[at]);
        check_error(&host, source, SL_OUTCOME_SCRIPT_ERROR,
                    "script:2: bad argument #1 to 'log' (error, warn, info, debug, trace or 1 to 5"
                    " expected)\n");
    }
    host_free(&host);
}

SL_TEST(a_script_posts_to_the_main_thread_before_its_result) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("engine.post_to_main_thread('spawn', {x = 1.5, tags = {'a', 'b'}})\n"
                               "engine.post_to_main_thread('tick')\n"
                               "return 'done'");
    job.owner = 42;
    job.context = &host;
    sl_job_id id = enqueue(&host, &job);

    sl_action action = next_action(&host);
    SL_CHECK_EQ(action.kind, SL_ACTION_KIND_SCRIPT_MESSAGE);
    SL_CHECK_EQ(action.id, id);
    SL_CHECK_EQ(action.owner, 42);
    SL_CHECK_EQ(action.context, (void *)&host);
    SL_CHECK_EQ(action.success, true);
    SL_CHECK_STR_EQ(action.message, "spawn");
    SL_CHECK_EQ(action.result->values_len, 1);
    SL_CHECK_EQ(field(&action.result->values[0], "x")->as.number, 1.5);
    SL_CHECK_EQ(field(&action.result->values[0], "tags")->as.array.len, 2);
    SL_CHECK_OK(sl_action_free(&action));

    action = next_action(&host);
    SL_CHECK_STR_EQ(action.message, "tick");
    SL_CHECK_EQ(action.result->values_len, 1);
    SL_CHECK_EQ(action.result->values[0].kind, SL_VALUE_KIND_NIL);
    SL_CHECK_OK(sl_action_free(&action));

    action = next_action(&host);
    SL_CHECK_EQ(action.kind, SL_ACTION_KIND_SCRIPT_RESULT);
    SL_CHECK_STR_EQ(action.result->text, "done");
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_message_keeps_nuls_and_comes_from_coroutines_too) {
    host host = host_of(1, 1);
    sl_script_job job = job_of("coroutine.wrap(function()\n"
                               "engine.post_to_main_thread('a\\0b', 'c\\0d') end)()");
    enqueue(&host, &job);
    sl_action action = next_action(&host);
    SL_CHECK_EQ(action.message_len, 3);
    SL_CHECK(memcmp(action.message, "a\0b", 4) == 0);
    SL_CHECK_EQ(action.result->values[0].as.bytes.len, 3);
    SL_CHECK_OK(sl_action_free(&action));
    action = next_action(&host);
    SL_CHECK_EQ(action.success, true);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&host);
}

SL_TEST(a_message_that_cannot_be_sent_is_an_error_at_the_callers_line) {
    host host = host_of(1, 1);
    uint32_t outcome = SL_OUTCOME_SCRIPT_ERROR;
    check_error(&host, "engine.post_to_main_thread(nil, 1)", outcome,
                "script:1: bad argument #1 to 'post_to_main_thread' (string expected, got nil)\n");
    check_error(&host, "\nengine.post_to_main_thread('x', {f = print})", outcome,
                "script:2: data.f is a function, which cannot leave its state\n");
    check_error(&host, "local t = {} t.t = t engine.post_to_main_thread('x', t)", outcome,
                "script:1: data.t is a table that contains itself\n");
    check_text(&host, "return pcall(engine.post_to_main_thread, 'x', print) or 'caught'", "caught");
    sl_action none = {.size = sizeof none};
    SL_CHECK_STATUS(sl_action_queue_try_pop(host.actions, &none), SL_STATUS_EMPTY);
    host_free(&host);
}

SL_TEST(a_script_cannot_end_its_host_or_change_its_locale) {
    host host = trusted_host();
    uint32_t outcome = SL_OUTCOME_SCRIPT_ERROR;
    check_error(&host, "os.exit(0)", outcome, "attempt to call a nil value (field 'exit')");
    check_error(&host, "os.setlocale('C')", outcome,
                "attempt to call a nil value (field 'setlocale')");
    host_free(&host);
}

SL_TEST(c_modules_cannot_be_loaded_and_lua_modules_can) {
    host host = trusted_host();
    char path[] = "/tmp/sl_module_XXXXXX";
    char source[256];
    SL_CHECK(mkdtemp(path) != NULL);
    snprintf(source, sizeof source, "%s/door.lua", path);
    FILE *file = fopen(source, "w");
    SL_CHECK(file != NULL);
    fputs("return {open = function() return 'creak' end, name = ...}", file);
    fclose(file);

    char script[512];
    snprintf(script, sizeof script,
             "package.path = '%s/?.lua' local door = require('door') return door.open()", path);
    check_text(&host, script, "creak");
    snprintf(script, sizeof script, "return dofile('%s').open()", source);
    check_text(&host, script, "creak");
    snprintf(script, sizeof script, "return loadfile('%s')().open()", source);
    check_text(&host, script, "creak");
    file = fopen(source, "w");
    SL_CHECK(file != NULL);
    fputs("\x1bLua", file);
    fclose(file);
    uint32_t outcome = SL_OUTCOME_SCRIPT_ERROR;
    snprintf(script, sizeof script, "package.loaded.door = nil require('door')");
    check_error(&host, script, outcome, "attempt to load a binary chunk");
    snprintf(script, sizeof script, "dofile('%s')", source);
    check_error(&host, script, outcome, "attempt to load a binary chunk");
    remove(source);
    rmdir(path);

    check_error(&host, "require('no_such_module')", outcome, "module 'no_such_module' not found");
    check_text(&host, "return #package.searchers", "3");
    check_text(&host, "return package.loadlib", "nil");
    host_free(&host);
}

SL_TEST(trusted_scripts_have_all_of_debug) {
    host host = trusted_host();
    check_text(&host, "return type(debug.sethook)", "function");
    check_text(&host, "return require('debug') == debug", "true");
    check_text(&host, "return debug.getinfo(1, 'l').currentline", "1");
    check_text(&host, "local ok, text = xpcall(error, debug.traceback, 'x') return text:sub(1, 18)",
               "x\nstack traceback:");
    host_free(&host);
}

SL_TEST(the_other_libraries_are_there) {
    host host = trusted_host();
    check_text(&host,
               "return ('%d'):format(3) .. utf8.char(955) .. math.floor(2.5)\n"
               ".. table.concat({1, 2}) .. type(io.open) .. type(os.time)\n"
               ".. type(coroutine.wrap) .. type(string.pack) .. _VERSION",
               "3\xce\xbb"
               "212functionfunctionfunctionfunctionLua 5.4");
    host_free(&host);
}

SL_TEST(states_of_one_runner_share_nothing_but_the_process) {
    host host = host_of(2, 2);
    sl_script_job job = job_of("mark = ...");
    sl_value mark = integer_value(1);
    job.affinity = 1;
    job.args = &mark;
    job.args_len = 1;
    sl_action action = run_job(&host, &job);
    SL_CHECK_OK(sl_action_free(&action));
    job = job_of("return mark");
    for (uint64_t affinity = 1; affinity <= 2; affinity++) {
        job.affinity = affinity;
        action = run_job(&host, &job);
        SL_CHECK_STR_EQ(action.result->text, affinity == 1 ? "1" : "nil");
        SL_CHECK_OK(sl_action_free(&action));
    }
    host_free(&host);
}
