/* A native job whose result is for a callback: who gets it, when, and who frees what is in it. */
#include "jobs_test.h"

typedef struct counter {
    shop shop;
    sl_callbacks *callbacks;
    unsigned calls;
    unsigned takes; /* how often a payload is to be taken */
    given last;
    sl_native_payload taken;
} counter;

static void receive(void *userdata, const sl_callback_call *call) {
    counter *counter = userdata;
    SL_CHECK(call->value == NULL && call->build == NULL);
    ++counter->calls;
    copy_result(&counter->last, call->job);
    if (counter->takes > 0) {
        --counter->takes;
        SL_CHECK_OK(sl_job_result_take_payload(call->job, &counter->taken));
        SL_CHECK_STATUS(sl_job_result_take_payload(call->job, &counter->taken), SL_STATUS_EMPTY);
    }
}

static void counter_open(counter *counter, uint32_t capacity) {
    sl_callbacks_config config = {.size = sizeof config, .capacity = capacity};
    sl_callback_id id = 0;
    memset(counter, 0, sizeof *counter);
    counter->shop = shop_of(1);
    SL_CHECK_OK(sl_callbacks_new(counter->shop.loop, &config, &counter->callbacks));
    SL_CHECK_OK(sl_callbacks_register(counter->callbacks, receive, counter, NULL, 0, &id));
    SL_CHECK_EQ(id, 1);
}

static void counter_close(counter *counter) {
    SL_CHECK_OK(sl_callbacks_free(counter->callbacks));
    shop_free(&counter->shop);
}

static sl_job_request request_for(const counter *counter, sl_callback_id id) {
    sl_job_request request = request_of("echo", "payload");
    request.callbacks = counter->callbacks;
    request.callback = id;
    return request;
}

/* Dispatches until so many calls have come; each result wakes the loop. */
static void wait_for_calls(counter *counter, unsigned calls) {
    while (counter->calls < calls) {
        SL_CHECK_OK(sl_loop_run_once(counter->shop.loop, PATIENCE_MS, NULL));
        SL_CHECK_OK(sl_callbacks_dispatch(counter->callbacks, 0, NULL));
    }
}

static void wait_until_ended(const counter *counter, uint64_t jobs) {
    sl_callbacks_stats stats = {.size = sizeof stats};
    while (jobs_stats(&counter->shop).delivered < jobs) {
        sched_yield();
    }
    SL_CHECK_OK(sl_callbacks_read_stats(counter->callbacks, &stats));
    SL_CHECK_EQ(stats.refused, 0);
}

/* [63] */
SL_TEST(a_result_for_a_callback_is_given_once_and_never_polled) {
    counter counter;
    counter_open(&counter, 0);
    sl_job_request request = request_for(&counter, 1);
    sl_job_id id = submit(&counter.shop, &request);
    wait_for_calls(&counter, 1);
    SL_CHECK_EQ(counter.last.id, id);
    SL_CHECK(counter.last.ok);
    SL_CHECK_STR_EQ(counter.last.text, "payload");
    SL_CHECK_EQ(poll_with(&counter.shop, NULL, 0, copy_result, &counter.last), 0);
    SL_CHECK_EQ(jobs_stats(&counter.shop).delivered, 1);
    counter_close(&counter);
}

SL_TEST(a_kind_that_nobody_knows_fails_in_the_callback_too) {
    counter counter;
    counter_open(&counter, 0);
    sl_job_request request = request_for(&counter, 1);
    request.kind = "none";
    submit(&counter.shop, &request);
    SL_CHECK_OK(sl_callbacks_dispatch(counter.callbacks, 0, NULL)); /* at once */
    SL_CHECK_EQ(counter.calls, 1u);
    SL_CHECK_STR_EQ(counter.last.text, "Unknown job kind: none");
    counter_close(&counter);
}

/* [71] */
SL_TEST(a_payload_is_taken_in_the_callback_or_freed_after_it) {
    counter counter;
    counted counted = {0};
    counter_open(&counter, 0);
    sl_job_request request = request_for(&counter, 1);
    sl_native_payload payload = payload_of(&counted);
    request.native = &payload;
    submit(&counter.shop, &request);
    wait_for_calls(&counter, 1);
    SL_CHECK(counter.last.had_native);
    SL_CHECK_EQ(counted.drops, 1);
    counter.takes = 1;
    submit(&counter.shop, &request);
    wait_for_calls(&counter, 2);
    SL_CHECK_EQ(counted.drops, 1);
    counter.taken.drop(counter.taken.userdata);
    SL_CHECK_EQ(counted.drops, 2);
    counter_close(&counter);
}

/* [192] */
SL_TEST(a_full_queue_loses_no_result) {
    counter counter;
    counter_open(&counter, 2);
    sl_job_request request = request_for(&counter, 1);
    for (int at = 0; at < 50; ++at) {
        submit(&counter.shop, &request);
    }
    wait_until_ended(&counter, 50);
    SL_CHECK_STATUS(sl_callbacks_enqueue_value(counter.callbacks, 1, NULL), SL_STATUS_FULL);
    wait_for_calls(&counter, 50);
    counter_close(&counter);
}

SL_TEST(a_result_that_nobody_gets_is_freed_once) {
    counter counter;
    counted counted = {0};
    counter_open(&counter, 0);
    sl_native_payload payload = payload_of(&counted);
    sl_job_request request = request_for(&counter, 77); /* nobody has this number */
    request.native = &payload;
    submit(&counter.shop, &request);
    wait_until_ended(&counter, 1);
    SL_CHECK_EQ(counted.drops, 0);
    SL_CHECK_OK(sl_callbacks_dispatch(counter.callbacks, 0, NULL));
    SL_CHECK_EQ(counted.drops, 1);
    submit(&counter.shop, &request); /* is queued when the callbacks end */
    wait_until_ended(&counter, 2);
    SL_CHECK_OK(sl_callbacks_close(counter.callbacks));
    SL_CHECK_EQ(counted.drops, 2);
    submit(&counter.shop, &request); /* ends after them */
    while (jobs_stats(&counter.shop).delivered < 3) {
        sched_yield();
    }
    counter_close(&counter);
    SL_CHECK_EQ(counted.drops, 3);
}

SL_TEST(wrong_callbacks_are_refused_and_nothing_is_taken) {
    counter counter;
    counted counted = {0};
    counter_open(&counter, 0);
    sl_native_payload payload = payload_of(&counted);
    sl_job_request request = request_of("echo", "");
    request.native = &payload;
    request.callback = 1;
    SL_CHECK_STATUS(sl_jobs_submit(counter.shop.jobs, &request, NULL), SL_STATUS_INVALID_ARGUMENT);
    request.callbacks = (sl_callbacks *)counter.shop.loop;
    SL_CHECK_STATUS(sl_jobs_submit(counter.shop.jobs, &request, NULL), SL_STATUS_WRONG_KIND);
    request.callbacks = counter.callbacks;
    counter_close(&counter);
    counter.shop = shop_of(1);
    SL_CHECK_STATUS(sl_jobs_submit(counter.shop.jobs, &request, NULL), SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(counted.drops, 0);
    SL_CHECK_EQ(jobs_stats(&counter.shop).accepted, 0);
    shop_free(&counter.shop);
}

/* [74] */
SL_TEST(closed_jobs_give_their_callbacks_a_cancelled_result) {
    counter counter;
    door door;
    counter_open(&counter, 0);
    occupy(&counter.shop, &door);
    sl_job_request request = request_for(&counter, 1);
    for (int at = 0; at < 10; ++at) {
        submit(&counter.shop, &request);
    }
    SL_CHECK_OK(sl_jobs_close(counter.shop.jobs));
    wait_for_calls(&counter, 10);
    SL_CHECK(counter.last.cancelled);
    sem_post(&door.opened);
    counter_close(&counter);
}
