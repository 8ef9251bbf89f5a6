/* Status and version: texts and numbers that never fail. */
#include "sl_host.h"

SL_TEST(header_and_library_are_of_one_version) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", SL_VERSION_MAJOR, SL_VERSION_MINOR, SL_VERSION_PATCH);
    SL_CHECK_EQ(sl_version(), SL_VERSION_NUMBER);
    SL_CHECK_STR_EQ(sl_version_string(), text);
    SL_CHECK_EQ(sl_abi_version(), SL_ABI);
    SL_CHECK_EQ(sl_version() >> 24, SL_VERSION_MAJOR);
}

SL_TEST(the_lua_of_the_workers_is_named) {
    SL_CHECK_STR_EQ(sl_lua_version(), "Lua 5.4");
}

SL_TEST(every_status_has_a_text_of_its_own) {
    const char *unknown = sl_status_text(SL_STATUS_PANIC + 1);
    SL_CHECK(unknown != NULL && unknown[0] != '\0');
    for (int32_t status = SL_STATUS_OK; status <= SL_STATUS_PANIC; ++status) {
        const char *text = sl_status_text(status);
        SL_CHECK(text != NULL && text[0] != '\0');
        SL_CHECK(strcmp(text, unknown) != 0);
        SL_CHECK_EQ(sl_status_text(status), text);
        for (int32_t other = SL_STATUS_OK; other < status; ++other) {
            SL_CHECK(strcmp(text, sl_status_text(other)) != 0);
        }
    }
}

SL_TEST(what_is_no_status_has_a_text_as_well) {
    const int32_t numbers[] = {-1, 18, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        SL_CHECK_STR_EQ(sl_status_text(numbers[i]), sl_status_text(99));
    }
}

SL_TEST(live_handles_count_what_is_made_and_freed) {
    SL_CHECK_EQ(sl_live_handles(), 0);
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_EQ(sl_live_handles(), 2);

    sl_action action = {.size = sizeof action};
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_EQ(sl_live_handles(), 2);
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
    SL_CHECK_EQ(sl_live_handles(), 3);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(sl_live_handles(), 0);
}
