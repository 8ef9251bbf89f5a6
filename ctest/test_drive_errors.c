/* Drive: what went wrong in the background is kept until somebody asks. */
#include "drive_test.h"

/* The errors that were shown, one letter each: the first of their text. */
typedef struct shown {
    char text[64];
    size_t len;
    uint64_t first_number;
    uint64_t last_number;
    uint64_t last_time;
} shown;

static void show(void *userdata, const sl_loop_error *error) {
    shown *shown = userdata;
    SL_CHECK(shown->len + 1 < sizeof shown->text);
    SL_CHECK(error->text_len > 0);
    SL_CHECK(error->number > shown->last_number);
    SL_CHECK(error->time_ns >= shown->last_time);
    shown->text[shown->len++] = error->text[0];
    shown->first_number = shown->first_number == 0 ? error->number : shown->first_number;
    shown->last_number = error->number;
    shown->last_time = error->time_ns;
}

static uint32_t drain(sl_loop *loop, shown *into) {
    uint32_t count = UINT32_MAX;
    memset(into, 0, sizeof *into);
    SL_CHECK_OK(sl_loop_drain_errors(loop, show, into, &count));
    SL_CHECK_EQ(into->len, count);
    return count;
}

static void report(sl_loop *loop, const char *text) {
    SL_CHECK_OK(sl_loop_report_error(loop, text, strlen(text)));
}

SL_TEST(errors_are_shown_once_and_in_order) {
    sl_loop *loop = host_loop();
    shown shown;
    SL_CHECK_EQ(drain(loop, &shown), 0u);
    report(loop, "a");
    report(loop, "b");
    SL_CHECK_OK(sl_loop_report_error(loop, "c\0d", 3));
    SL_CHECK_EQ(drain(loop, &shown), 3u);
    SL_CHECK_EQ(strcmp(shown.text, "abc"), 0);
    SL_CHECK_EQ(drain(loop, &shown), 0u);
    report(loop, "d");
    SL_CHECK_EQ(drain(loop, &shown), 1u);
    SL_CHECK_EQ(shown.first_number, 4u);
    SL_CHECK_EQ(drive_stats(loop).errors, 4u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_last_ones_are_kept_and_the_numbers_tell_what_made_room) {
    sl_loop *loop = host_loop();
    shown shown;
    for (int i = 0; i < 100; ++i) {
        report(loop, i < 68 ? "old" : "new");
    }
    SL_CHECK_EQ(drain(loop, &shown), (uint32_t)SL_LOOP_ERRORS_MAX);
    SL_CHECK_EQ(shown.first_number, 69u);
    SL_CHECK_EQ(shown.last_number, 100u);
    SL_CHECK_EQ(shown.text[0], 'n');
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(errors_can_be_drained_after_close) {
    sl_loop *loop = host_loop();
    shown shown;
    report(loop, "a");
    SL_CHECK_OK(sl_loop_close(loop));
    report(loop, "b");
    SL_CHECK_EQ(drain(loop, &shown), 2u);
    SL_CHECK_EQ(drain(loop, &shown), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void ignore_line(void *userdata, uint32_t level, const char *text, size_t text_len) {
    (void)userdata;
    (void)level;
    (void)text;
    (void)text_len;
}

static void fail_loudly(work *work) {
    (void)work;
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_ERROR, "error", 5));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_WARN, "warning", 7));
}

SL_TEST(what_the_thread_logs_as_an_error_is_kept_and_what_others_log_is_not) {
    sl_loop *loop = host_loop();
    work fails = WORK(loop);
    shown shown;
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, ignore_line, NULL, NULL)); /* kept all the same */
    fails.then = fail_loudly;
    work_post(&fails);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(drain(loop, &shown), 0u);
    drive(loop);
    work_post(&fails);
    event_wait(&fails.ran, 2);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_EQ(drain(loop, &shown), 1u);
    SL_CHECK_EQ(shown.text[0], 'e');
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}

SL_TEST(a_text_that_is_missing_is_refused) {
    sl_loop *loop = host_loop();
    shown shown;
    SL_CHECK_STATUS(sl_loop_report_error(loop, NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_drain_errors(loop, NULL, NULL, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(drain(loop, &shown), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}
