/* A million native jobs, each with a callback of its own: what is registered comes back to nothing,
   and every drop runs once, also at an end with a full queue. Seeds are fixed. */
#include "jobs_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { JOBS = 20000 };
#else
enum { JOBS = 1000000 };
#endif
enum { AT_ONCE = 500 };

typedef struct tally {
    sl_callbacks *callbacks;
    uint64_t calls;
    uint64_t drops; /* of functions */
    counted payloads;
} tally;

static void receive(void *userdata, const sl_callback_call *call) {
    tally *tally = userdata;
    SL_CHECK(call->job->ok && call->job->native != NULL);
    if (++tally->calls % 1000 == 0) {
        SL_CHECK_OK(sl_callback_call_fail(call, "now and then", 12));
    }
}

static void drop_function(void *userdata) {
    ++((tally *)userdata)->drops;
}

static void submit_one(const shop *shop, tally *tally) {
    sl_job_request request = request_of("echo", "");
    sl_native_payload payload = payload_of(&tally->payloads);
    request.native = &payload;
    request.callbacks = tally->callbacks;
    SL_CHECK_OK(sl_callbacks_register(tally->callbacks, receive, tally, drop_function,
                                      SL_CALLBACK_FLAG_ONCE, &request.callback));
    submit(shop, &request);
}

static sl_callbacks_stats stats_of_callbacks(const tally *tally) {
    sl_callbacks_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_callbacks_read_stats(tally->callbacks, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.unknown + stats.dropped + stats.pending);
    return stats;
}

SL_TEST(a_million_jobs_with_callbacks_leave_nothing_registered) {
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    shop shop = shop_of(2);
    tally tally = {.calls = 0};
    SL_CHECK_OK(sl_callbacks_new(shop.loop, NULL, &tally.callbacks));
    uint64_t submitted = 0;
    while (tally.calls < JOBS) {
        while (submitted < JOBS && submitted < tally.calls + AT_ONCE) {
            submit_one(&shop, &tally);
            submitted++;
        }
        SL_CHECK_OK(sl_loop_run_once(shop.loop, PATIENCE_MS, NULL));
        SL_CHECK_OK(sl_callbacks_dispatch(tally.callbacks, 0, NULL));
    }
    sl_callbacks_stats stats = stats_of_callbacks(&tally);
    SL_CHECK_EQ(stats.registered, 0);
    SL_CHECK_EQ(stats.delivered, JOBS);
    SL_CHECK_EQ(stats.failed, JOBS / 1000);
    SL_CHECK_EQ(tally.drops, JOBS);
    SL_CHECK_EQ(atomic_load(&tally.payloads.drops), JOBS);
    SL_CHECK_EQ(jobs_stats(&shop).delivered, JOBS);
    SL_CHECK_OK(sl_callbacks_free(tally.callbacks));
    shop_free(&shop);
}

SL_TEST(an_end_with_a_full_queue_drops_everything_once) {
    for (int order = 0; order < 2; order++) {
        shop shop = shop_of(2);
        tally tally = {.calls = 0};
        SL_CHECK_OK(sl_callbacks_new(shop.loop, NULL, &tally.callbacks));
        for (int at = 0; at < 10000; at++) {
            submit_one(&shop, &tally);
        }
        /* Some have ended and wait for the dispatch, others have not begun. */
        if (order == 0) {
            SL_CHECK_OK(sl_callbacks_free(tally.callbacks));
            shop_free(&shop);
        } else {
            shop_free(&shop);
            SL_CHECK_OK(sl_callbacks_free(tally.callbacks));
        }
        SL_CHECK_EQ(tally.calls, 0);
        SL_CHECK_EQ(tally.drops, 10000);
        SL_CHECK_EQ(atomic_load(&tally.payloads.drops), 10000);
    }
}
