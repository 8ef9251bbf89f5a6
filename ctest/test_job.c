/* What a handler sees and gives, the payload that moves with a job, and the built-in handlers. */
#include "jobs_test.h"

static void look_at_job(void *userdata, sl_job *job) {
    SL_CHECK_EQ(job->size, sizeof *job);
    SL_CHECK_EQ(job->id, 1);
    SL_CHECK_EQ(job->owner, UINT64_MAX);
    SL_CHECK_EQ(job->kind_len, 3);
    SL_CHECK_EQ(memcmp(job->kind, "k\0k", 4), 0);
    SL_CHECK_EQ(job->payload_len, 5);
    SL_CHECK_EQ(memcmp(job->payload, "a\0b\0c", 6), 0);
    SL_CHECK(job->native == NULL);
    sem_post(userdata);
    SL_CHECK_OK(sl_job_return_text(job, "\0x\0", 3));
}

SL_TEST(bytes_are_copied_and_nuls_kept_both_ways) {
    shop shop = shop_of(1);
    sem_t seen;
    sem_init(&seen, 0, 0);
    SL_CHECK_OK(sl_jobs_register(shop.jobs, "k\0k", 3, look_at_job, &seen, NULL));
    char payload[] = "a\0b\0c";
    char kind[] = "k\0k";
    sl_job_request request = request_of("", "");
    request.kind = kind;
    request.kind_len = 3;
    request.payload = payload;
    request.payload_len = 5;
    request.owner = UINT64_MAX;
    submit(&shop, &request);
    memset(payload, 'z', sizeof payload);
    memset(kind, 'z', sizeof kind);
    wait_for(&seen);
    given given = next_given(&shop);
    SL_CHECK(given.ok);
    SL_CHECK_EQ(given.text_len, 3);
    SL_CHECK_EQ(memcmp(given.text, "\0x\0", 4), 0);
    SL_CHECK_EQ(given.owner, UINT64_MAX);
    SL_CHECK_EQ(memcmp(given.kind, "k\0k", 4), 0);
    shop_free(&shop);
}

static void say_nothing(void *userdata, sl_job *job) {
    (void)userdata;
    (void)job;
}

SL_TEST(to_say_nothing_is_to_succeed_with_an_empty_result) {
    shop shop = shop_of(1);
    register_kind(&shop, "k", say_nothing, NULL);
    submit_of(&shop, "k", "", 0);
    given given = next_given(&shop);
    SL_CHECK(given.ok);
    SL_CHECK_EQ(given.text_len, 0);
    for (int i = 0; i < 4; ++i) {
        SL_CHECK_EQ(given.aux[i], 0);
    }
    shop_free(&shop);
}

static void change_mind(void *userdata, sl_job *job) {
    (void)userdata;
    SL_CHECK_OK(sl_job_return_error(job, "no", 2));
    SL_CHECK_OK(sl_job_return_text(job, "yes", 3));
    if (job->payload_len != 0) {
        SL_CHECK_OK(sl_job_return_error(job, "no, after all", 13));
    }
    SL_CHECK_OK(sl_job_return_aux(job, 0, INT64_MIN));
    SL_CHECK_OK(sl_job_return_aux(job, 3, 5));
    SL_CHECK_OK(sl_job_return_aux(job, 3, INT64_MAX));
    SL_CHECK_STATUS(sl_job_return_aux(job, 4, 1), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_job_return_text(job, NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_job_return_error(job, NULL, 1), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(what_a_handler_says_last_counts) {
    shop shop = shop_of(1);
    register_kind(&shop, "k", change_mind, NULL);
    submit_of(&shop, "k", "", 0);
    given given = next_given(&shop);
    SL_CHECK(given.ok);
    SL_CHECK_STR_EQ(given.text, "yes");
    SL_CHECK_EQ(given.aux[0], INT64_MIN);
    SL_CHECK_EQ(given.aux[1], 0);
    SL_CHECK_EQ(given.aux[3], INT64_MAX);
    submit_of(&shop, "k", "x", 0);
    given = next_given(&shop);
    SL_CHECK(!given.ok && !given.cancelled);
    SL_CHECK_STR_EQ(given.text, "no, after all");
    SL_CHECK_EQ(given.aux[0], INT64_MIN); /* an error has its numbers, too */
    SL_CHECK_EQ(jobs_stats(&shop).failed, 1);
    shop_free(&shop);
}

/* Another thread of the handler's, and then the test, with what was lent. */
static void *use_elsewhere(void *argument) {
    sl_job *job = argument;
    bool cancelled = true;
    sl_native_payload payload;
    memset(&payload, 0x55, sizeof payload);
    SL_CHECK_STATUS(sl_job_is_cancelled(job, &cancelled), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_return_text(job, "x", 1), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_return_error(job, "x", 1), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_return_aux(job, 0, 1), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_return_payload(job, NULL), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_take_payload(job, &payload), SL_STATUS_STALE_HANDLE);
    SL_CHECK(cancelled);
    return NULL;
}

static void lend_further(void *userdata, sl_job *job) {
    sl_job copy = *job;
    use_elsewhere(&copy);
    pthread_t thread;
    SL_CHECK_EQ(pthread_create(&thread, NULL, use_elsewhere, job), 0);
    SL_CHECK_EQ(pthread_join(thread, NULL), 0);
    *(sl_job **)userdata = job;
}

SL_TEST(a_job_is_lent_to_its_handlers_thread_and_call_alone) {
    shop shop = shop_of(1);
    sl_job *kept = NULL;
    register_kind(&shop, "k", lend_further, &kept);
    submit_of(&shop, "k", "", 0);
    given given = next_given(&shop);
    SL_CHECK(given.ok);
    SL_CHECK_EQ(given.text_len, 0);
    use_elsewhere(kept);
    shop_free(&shop);
}

static void double_numbers(void *userdata, sl_job *job) {
    SL_CHECK_EQ(job->native->data, ((counted *)userdata)->numbers);
    SL_CHECK_EQ(job->native->data_size, 32);
    SL_CHECK_EQ(job->native->alignment, 8);
    SL_CHECK_EQ(job->native->element_size, 8);
    SL_CHECK(job->native->drop == NULL);
    int64_t *numbers = job->native->data;
    for (size_t i = 0; i < job->native->data_size / sizeof *numbers; ++i) {
        numbers[i] *= 2;
    }
}

static void take_from_result(void *userdata, sl_job_result *result) {
    sl_native_payload *payload = userdata;
    SL_CHECK_OK(sl_job_result_take_payload(result, payload));
    SL_CHECK_STATUS(sl_job_result_take_payload(result, payload), SL_STATUS_EMPTY);
    SL_CHECK_STATUS(sl_job_result_take_payload(result, NULL), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_payload_is_worked_on_in_place_and_moves_to_who_polls) {
    shop shop = shop_of(1);
    counted counted = {.numbers = {1, 2, 3, 4}};
    sl_native_payload payload = payload_of(&counted);
    register_kind(&shop, "double", double_numbers, &counted);
    sl_job_request request = request_of("double", "");
    request.native = &payload;
    submit(&shop, &request);
    wait_ready(&shop, 1);
    sl_native_payload taken = {.data = NULL};
    SL_CHECK_EQ(poll_with(&shop, NULL, 1, take_from_result, &taken), 1);
    SL_CHECK_EQ(counted.drops, 0);
    SL_CHECK_EQ(taken.data, counted.numbers);
    SL_CHECK_EQ(taken.data_size, sizeof counted.numbers);
    SL_CHECK_EQ(taken.alignment, sizeof(int64_t));
    SL_CHECK_EQ(taken.element_size, sizeof(int64_t));
    SL_CHECK_EQ(counted.numbers[3], 8);
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 0);
    taken.drop(taken.userdata);
    SL_CHECK_EQ(counted.drops, 1);
}

SL_TEST(a_result_is_lent_to_its_poll_alone) {
    shop shop = shop_of(1);
    submit_of(&shop, "echo", "", 0);
    wait_ready(&shop, 1);
    sl_native_payload payload = {.data = &shop};
    sl_job_result own = {.size = sizeof own};
    SL_CHECK_STATUS(sl_job_result_take_payload(&own, &payload), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_job_result_take_payload(NULL, &payload), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(payload.data, &shop);
    shop_free(&shop);
}

typedef struct swap {
    counted *next;
    bool fails;
} swap;

static void replace_payload(void *userdata, sl_job *job) {
    swap *swap = userdata;
    sl_native_payload next = payload_of(swap->next);
    SL_CHECK_OK(sl_job_return_payload(job, &next));
    if (swap->fails) {
        SL_CHECK_OK(sl_job_return_error(job, "failed", 6));
    }
}

SL_TEST(a_replaced_payload_is_freed_and_the_new_one_moves_on) {
    shop shop = shop_of(1);
    counted first = {0}, second = {0};
    swap swap = {&second, false};
    sl_native_payload payload = payload_of(&first);
    register_kind(&shop, "k", replace_payload, &swap);
    sl_job_request request = request_of("k", "");
    request.native = &payload;
    submit(&shop, &request);
    given given = next_given(&shop);
    SL_CHECK(given.had_native);
    SL_CHECK_EQ(given.native.data, second.numbers);
    SL_CHECK_EQ(first.drops, 1);
    SL_CHECK_EQ(second.drops, 1); /* nobody took it from the result */
    shop_free(&shop);
}

SL_TEST(the_payload_of_a_job_that_fails_is_freed_before_its_result_is_there) {
    shop shop = shop_of(1);
    counted first = {0}, second = {0};
    swap swap = {&second, true};
    sl_native_payload payload = payload_of(&first);
    register_kind(&shop, "k", replace_payload, &swap);
    sl_job_request request = request_of("k", "");
    request.native = &payload;
    submit(&shop, &request);
    wait_ready(&shop, 1);
    SL_CHECK_EQ(first.drops, 1);
    SL_CHECK_EQ(second.drops, 1);
    SL_CHECK(!next_given(&shop).had_native);
    shop_free(&shop);
}

static void take_payload(void *userdata, sl_job *job) {
    SL_CHECK_OK(sl_job_take_payload(job, userdata));
    SL_CHECK_STATUS(sl_job_take_payload(job, userdata), SL_STATUS_EMPTY);
    SL_CHECK_STATUS(sl_job_take_payload(job, NULL), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_handler_may_keep_the_payload) {
    shop shop = shop_of(1);
    counted counted = {0};
    sl_native_payload payload = payload_of(&counted), kept;
    register_kind(&shop, "k", take_payload, &kept);
    sl_job_request request = request_of("k", "");
    request.native = &payload;
    submit(&shop, &request);
    SL_CHECK(!next_given(&shop).had_native);
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 0);
    SL_CHECK_EQ(kept.userdata, &counted);
    kept.drop(kept.userdata);
}

static void return_none(void *userdata, sl_job *job) {
    (void)userdata;
    SL_CHECK_OK(sl_job_return_payload(job, NULL));
}

SL_TEST(a_payload_is_freed_once_wherever_a_job_ends) {
    shop shop = shop_of(1);
    counted unknown = {0}, unpolled = {0}, none = {0}, refused = {0};
    sl_native_payload payload = payload_of(&unknown);
    register_kind(&shop, "none", return_none, NULL);
    sl_job_request request = request_of("nonsense", "");
    request.native = &payload;
    submit(&shop, &request);
    SL_CHECK_EQ(unknown.drops, 1);

    payload = payload_of(&none);
    request = request_of("none", "");
    request.native = &payload;
    submit(&shop, &request);
    wait_ready(&shop, 2);
    SL_CHECK_EQ(none.drops, 1);

    payload = payload_of(&unpolled);
    request = request_of("echo", "");
    request.native = &payload;
    submit(&shop, &request);
    wait_ready(&shop, 3);
    SL_CHECK_EQ(unpolled.drops, 0);

    SL_CHECK_OK(sl_jobs_close(shop.jobs));
    payload = payload_of(&refused);
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL), SL_STATUS_CLOSED);
    shop_free(&shop);
    SL_CHECK_EQ(unknown.drops, 1);
    SL_CHECK_EQ(none.drops, 1);
    SL_CHECK_EQ(unpolled.drops, 1);
    SL_CHECK_EQ(refused.drops, 0);
}

SL_TEST(a_payload_that_does_not_fit_what_it_says_is_refused_and_not_taken) {
    shop shop = shop_of(1);
    counted counted = {0};
    const sl_native_payload good = payload_of(&counted);
    sl_native_payload bad[5];
    for (int i = 0; i < 5; ++i) {
        bad[i] = good;
    }
    bad[0].alignment = 3;
    bad[1].data = (char *)counted.numbers + 1;
    bad[2].element_size = 7;
    bad[3].data_size = SIZE_MAX;
    bad[4].data = NULL;
    for (int i = 0; i < 5; ++i) {
        sl_job_request request = request_of("echo", "");
        request.native = &bad[i];
        SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL),
                        i == 4 ? SL_STATUS_NULL_ARGUMENT : SL_STATUS_INVALID_ARGUMENT);
    }
    SL_CHECK_EQ(jobs_stats(&shop).accepted, 0);
    SL_CHECK_EQ(jobs_stats(&shop).refused, 0); /* that is for full and closed */
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 0);
}

SL_TEST(builtins_echo_sleep_and_write_capitals) {
    shop shop = shop_of(1);
    submit_of(&shop, "echo", "as it is", 0);
    SL_CHECK_STR_EQ(next_given(&shop).text, "as it is");
    submit_of(&shop, "uppercase", "aZ{`09\xc3\xa4", 0);
    SL_CHECK_STR_EQ(next_given(&shop).text, "AZ{`09\xc3\xa4");
    submit_of(&shop, "sleep_ms", "2", 0);
    given given = next_given(&shop);
    SL_CHECK_STR_EQ(given.text, "2");
    SL_CHECK(given.run_ns >= 2000000);
    const char *bad[] = {"", "-1", "1.5", "x", " 1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        submit_of(&shop, "sleep_ms", bad[i], 0);
        given = next_given(&shop);
        SL_CHECK(!given.ok);
        SL_CHECK_STR_EQ(given.text, "sleep_ms takes a number of milliseconds");
    }
    shop_free(&shop);
}

SL_TEST(a_job_is_told_how_long_it_waited_and_ran) {
    shop shop = shop_of(1);
    door door;
    occupy(&shop, &door);
    submit_of(&shop, "sleep_ms", "1", 0);
    sem_post(&door.opened);
    given first = next_given(&shop);
    given second = next_given(&shop);
    SL_CHECK(second.run_ns >= 1000000);
    SL_CHECK(first.run_ns > 0);
    shop_free(&shop);
}
