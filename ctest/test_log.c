/* Log: who gets the lines, which of them, and when the old receiver is done. */
#include "sl_host.h"

#include <fcntl.h>

/* Lines come from worker threads, one at a time here: a runner with one worker. */
typedef struct receiver {
    char text[512];
    size_t len;
    uint32_t levels;
    atomic_uint drops;
} receiver;

static void receives(void *userdata, uint32_t level, const char *text, size_t text_len) {
    receiver *to = (receiver *)userdata;
    SL_CHECK_EQ(atomic_load(&to->drops), 0u);
    SL_CHECK(to->len + text_len + 2 < sizeof to->text);
    memcpy(to->text + to->len, text, text_len);
    to->len += text_len;
    to->text[to->len++] = '|';
    to->levels |= UINT32_C(1) << level;
}

static void never_receives(void *userdata, uint32_t level, const char *text, size_t text_len) {
    (void)userdata;
    (void)level;
    SL_CHECK_EQ(text_len, 0u);
    SL_CHECK(text == NULL);
}

static void drops_receiver(void *userdata) {
    atomic_fetch_add(&((receiver *)userdata)->drops, 1);
}

/* Runs a script to its end on a worker. */
static void runs(const char *source) {
    sl_script_runner_config config;
    sl_script_runner *runner = NULL;
    sl_action_queue *queue = NULL;
    sl_script_job job;
    sl_action action = {.size = sizeof action};
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &runner));
    SL_CHECK_OK(sl_script_runner_actions(runner, &queue));
    SL_CHECK_OK(sl_script_job_init(&job, sizeof job));
    job.source = source;
    job.source_len = strlen(source);
    SL_CHECK_OK(sl_script_runner_enqueue(runner, &job, NULL));
    SL_CHECK_OK(sl_action_queue_pop(queue, &action));
    SL_CHECK(action.success);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_OK(sl_script_runner_free(runner));
}

static const char every_level[] =
    "engine.log('error', 'e') engine.log('warn', 'w') engine.log('info', 'i')"
    "engine.log('debug', 'd') engine.log('trace', 't')";

SL_TEST(a_level_that_is_none_is_refused_and_takes_nothing) {
    receiver to = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_TRACE, receives, &to, drops_receiver));
    SL_CHECK_STATUS(sl_log_set(6, never_receives, &to, host_never), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_log_set(UINT32_MAX, NULL, &to, host_never), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(atomic_load(&to.drops), 0u);
    runs("print('still here')");
    to.text[to.len] = '\0';
    SL_CHECK_STR_EQ(to.text, "still here|");
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_EQ(atomic_load(&to.drops), 1u);
}

SL_TEST(lines_above_the_level_are_not_made) {
    const char *expected[] = {"", "e|", "e|w|", "e|w|i|", "e|w|i|d|", "e|w|i|d|t|"};
    for (uint32_t level = SL_LOG_LEVEL_OFF; level <= SL_LOG_LEVEL_TRACE; ++level) {
        receiver to = {.len = 0};
        SL_CHECK_OK(sl_log_set(level, receives, &to, drops_receiver));
        runs(every_level);
        SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
        to.text[to.len] = '\0';
        SL_CHECK_STR_EQ(to.text, expected[level]);
        SL_CHECK_EQ(to.levels, ((UINT32_C(2) << level) - 1) & ~UINT32_C(1));
    }
}

SL_TEST(each_receiver_is_dropped_once_and_hears_nothing_afterwards) {
    receiver receivers[3] = {{.len = 0}, {.len = 0}, {.len = 0}};
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, receives, &receivers[i], drops_receiver));
        runs("print('one')");
        for (int j = 0; j < 3; ++j) {
            SL_CHECK_EQ(receivers[j].len, j <= i ? 4u : 0u);
            SL_CHECK_EQ(atomic_load(&receivers[j].drops), j < i ? 1u : 0u);
        }
    }
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_EQ(atomic_load(&receivers[2].drops), 1u);
}

SL_TEST(without_a_function_userdata_and_drop_are_ignored) {
    receiver to = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, &to, host_never));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, receives, &to, NULL));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, &to, host_never));
    SL_CHECK_EQ(to.len, 0u);
}

SL_TEST(without_a_function_lines_up_to_info_go_to_standard_error) {
    char text[256] = {0};
    int ends[2];
    int saved = dup(STDERR_FILENO);
    SL_CHECK_EQ(pipe(ends), 0);
    SL_CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    runs(every_level);
    SL_CHECK(dup2(saved, STDERR_FILENO) >= 0);
    SL_CHECK_EQ(close(ends[1]), 0);
    SL_CHECK(read(ends[0], text, sizeof text - 1) > 0);
    SL_CHECK_STR_EQ(text, "scriptloop error: e\nscriptloop warn: w\nscriptloop info: i\n");
    SL_CHECK_EQ(close(ends[0]), 0);
    SL_CHECK_EQ(close(saved), 0);
}

SL_TEST(a_line_is_bytes_with_a_length_and_never_a_format) {
    receiver to = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, receives, &to, NULL));
    runs("print('%s%n\\0\\255')");
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_EQ(to.len, 7u);
    SL_CHECK_EQ(memcmp(to.text, "%s%n\0\377|", 7), 0);
}

SL_TEST(a_line_of_the_hosts_goes_where_the_others_go) {
    const char line[] = "%s\0!";
    receiver to = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, receives, &to, NULL));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_WARN, line, 4));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_INFO, NULL, 0));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_DEBUG, "not made", 8));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_ERROR, "not made", 8));
    SL_CHECK_EQ(to.len, 6u);
    SL_CHECK_EQ(memcmp(to.text, "%s\0!||", 6), 0);
    SL_CHECK_EQ(to.levels, UINT32_C(1) << SL_LOG_LEVEL_WARN | UINT32_C(1) << SL_LOG_LEVEL_INFO);
}

SL_TEST(a_line_of_the_hosts_has_a_level_and_a_text) {
    receiver to = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_TRACE, receives, &to, NULL));
    SL_CHECK_STATUS(sl_log_write(SL_LOG_LEVEL_OFF, "x", 1), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_log_write(6, "x", 1), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_log_write(UINT32_MAX, "x", 1), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_log_write(SL_LOG_LEVEL_INFO, NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_EQ(to.len, 0u);
}

static void sets_log(void *userdata) {
    drops_receiver(userdata);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
}

SL_TEST(the_drop_of_a_receiver_may_set_the_log) {
    receiver first = {.len = 0};
    receiver second = {.len = 0};
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, receives, &first, sets_log));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, receives, &second, drops_receiver));
    SL_CHECK_EQ(atomic_load(&first.drops), 1u);
    SL_CHECK_EQ(atomic_load(&second.drops), 1u);
}
