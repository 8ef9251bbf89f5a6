/* Native jobs: who does them, in which order, and how their results are polled. */
#include "jobs_test.h"

SL_TEST(new_then_free) {
    host host = host_of(1, 1);
    sl_jobs *jobs = NULL;
    SL_CHECK_OK(sl_jobs_new(host.runner, NULL, NULL, &jobs));
    SL_CHECK_OK(sl_jobs_free(jobs));
    SL_CHECK_STATUS(sl_jobs_free(jobs), SL_STATUS_STALE_HANDLE);
    host_free(&host);
}

SL_TEST(ids_are_one_then_one_more_each_also_for_a_kind_that_nobody_knows) {
    shop shop = shop_of(1);
    SL_CHECK_EQ(submit_of(&shop, "echo", "a", 0), 1);
    SL_CHECK_EQ(submit_of(&shop, "nonsense", "b", 0), 2);
    SL_CHECK_EQ(submit_of(&shop, "echo", "c", 0), 3);
    SL_CHECK_OK(sl_jobs_submit(
        shop.jobs, &(sl_job_request){.size = sizeof(sl_job_request), .kind = "echo", .kind_len = 4},
        NULL));
    SL_CHECK_EQ(submit_of(&shop, "echo", "d", 0), 5);
    shop_free(&shop);
}

SL_TEST(an_unknown_kind_fails_at_once_without_a_worker) {
    shop shop = shop_of(1);
    door door;
    occupy(&shop, &door);
    sl_job_id id = submit_of(&shop, "nonsense", "x", 7);
    SL_CHECK(!is_pending(&shop, id));
    given given;
    SL_CHECK_EQ(poll_with(&shop, NULL, 0, copy_result, &given), 1);
    SL_CHECK_EQ(given.id, id);
    SL_CHECK_EQ(given.owner, 7);
    SL_CHECK(!given.ok && !given.cancelled);
    SL_CHECK_STR_EQ(given.text, "Unknown job kind: nonsense");
    SL_CHECK_STR_EQ(given.kind, "nonsense");
    SL_CHECK_EQ(jobs_stats(&shop).failed, 1);
    sem_post(&door.opened);
    shop_free(&shop);
}

SL_TEST(a_handler_that_is_null_is_refused) {
    shop shop = shop_of(1);
    counted counted = {0};
    SL_CHECK_STATUS(sl_jobs_register(shop.jobs, "k", 1, NULL, &counted, count_drop),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(counted.drops, 0);
    submit_of(&shop, "k", "", 0);
    SL_CHECK_STR_EQ(next_given(&shop).text, "Unknown job kind: k");
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 0);
}

static void say_one(void *userdata, sl_job *job) {
    (void)userdata;
    SL_CHECK_OK(sl_job_return_text(job, "one", 3));
}

typedef struct old_handler {
    const shop *shop;
    door door;
    counted dropped;
} old_handler;

static void wait_then_say_old(void *userdata, sl_job *job) {
    old_handler *old = userdata;
    sem_post(&old->door.entered);
    wait_for(&old->door.opened);
    SL_CHECK_OK(sl_job_return_text(job, "old", 3));
}

static void drop_old(void *userdata) {
    old_handler *old = userdata;
    SL_CHECK_EQ(jobs_stats(old->shop).ready, 0); /* its last job's result is not there yet */
    count_drop(&old->dropped);
}

SL_TEST(a_replaced_handler_is_dropped_when_the_last_job_that_runs_on_it_has_ended) {
    shop shop = shop_of(1);
    old_handler old = {.shop = &shop};
    door_init(&old.door);
    SL_CHECK_OK(sl_jobs_register(shop.jobs, "k", 1, wait_then_say_old, &old, drop_old));
    submit_of(&shop, "k", "", 0);
    wait_for(&old.door.entered);
    submit_of(&shop, "k", "", 0); /* waits: it will be done by the new one */
    counted new = {0};
    SL_CHECK_OK(sl_jobs_register(shop.jobs, "k", 1, say_one, &new, count_drop));
    SL_CHECK_EQ(old.dropped.drops, 0);
    sem_post(&old.door.opened);
    SL_CHECK_STR_EQ(next_given(&shop).text, "old");
    SL_CHECK_EQ(old.dropped.drops, 1);
    SL_CHECK_STR_EQ(next_given(&shop).text, "one");
    counted newest = {0};
    SL_CHECK_OK(sl_jobs_register(shop.jobs, "k", 1, say_one, &newest, count_drop));
    SL_CHECK_EQ(new.drops, 1);
    shop_free(&shop);
    SL_CHECK_EQ(old.dropped.drops, 1);
    SL_CHECK_EQ(new.drops, 1);
    SL_CHECK_EQ(newest.drops, 1);
}

typedef struct trace {
    char text[64];
    size_t len;
} trace;

static void note(void *userdata, sl_job *job) {
    trace *trace = userdata;
    SL_CHECK(trace->len + 1 < sizeof trace->text);
    trace->text[trace->len++] = job->payload[0];
}

SL_TEST(lower_priority_numbers_run_first_and_equal_ones_in_order) {
    shop shop = shop_of(1);
    trace trace = {.len = 0};
    register_kind(&shop, "note", note, &trace);
    door door;
    occupy(&shop, &door);
    const struct {
        const char *letter;
        uint32_t priority;
    } jobs[] = {{"d", SL_PRIORITY_NORMAL},   {"g", SL_PRIORITY_IDLE},
                {"f", SL_PRIORITY_LOW},      {"e", SL_PRIORITY_NORMAL},
                {"a", SL_PRIORITY_CRITICAL}, {"c", SL_PRIORITY_HIGH},
                {"b", SL_PRIORITY_CRITICAL}, {"h", UINT32_MAX}};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; ++i) {
        sl_job_request request = request_of("note", jobs[i].letter);
        request.priority = jobs[i].priority;
        submit(&shop, &request);
    }
    sem_post(&door.opened);
    wait_ready(&shop, 9);
    SL_CHECK_STR_EQ(trace.text, "abcdefgh");
    shop_free(&shop);
}

/* The ids in the order of a poll. */
typedef struct order {
    sl_job_id ids[64];
    size_t len;
} order;

static void note_id(void *userdata, sl_job_result *result) {
    order *order = userdata;
    order->ids[order->len++] = result->id;
}

static sl_job_filter filter_of(const char *kind, int owner) {
    sl_job_filter filter = {.size = sizeof filter, .kind = kind};
    filter.kind_len = kind == NULL ? 0 : strlen(kind);
    filter.by_owner = owner >= 0;
    filter.owner = owner >= 0 ? (uint64_t)owner : 12345;
    return filter;
}

/* Twelve results, 1 to 12: kinds a b a b …, owners 0 0 1 1 2 2 0 0 1 1 2 2. */
static shop twelve(void) {
    shop shop = shop_of(1);
    register_kind(&shop, "a", say_one, NULL);
    register_kind(&shop, "b", say_one, NULL);
    for (uint64_t i = 0; i < 12; ++i) {
        submit_of(&shop, i % 2 == 0 ? "a" : "b", "", i / 2 % 3);
    }
    wait_ready(&shop, 12);
    return shop;
}

static void polls_in_steps(const sl_job_filter *filter, const sl_job_id *expected, size_t len) {
    for (uint32_t max = 0; max <= 13; ++max) {
        shop shop = twelve();
        order order = {.len = 0};
        while (order.len < len) {
            size_t most = max == 0 || max > len - order.len ? len - order.len : max;
            SL_CHECK_EQ(poll_with(&shop, filter, max, note_id, &order), most);
        }
        SL_CHECK_EQ(order.len, len);
        SL_CHECK_EQ(memcmp(order.ids, expected, len * sizeof *expected), 0);
        SL_CHECK_EQ(poll_with(&shop, filter, max, note_id, &order), 0);
        /* The rest has kept its order. */
        SL_CHECK_EQ(jobs_stats(&shop).ready, 12 - len);
        order.len = 0;
        SL_CHECK_EQ(poll_with(&shop, NULL, 0, note_id, &order), 12 - len);
        for (size_t i = 1; i < order.len; ++i) {
            SL_CHECK(order.ids[i - 1] < order.ids[i]);
        }
        shop_free(&shop);
    }
}

SL_TEST(a_poll_of_any_gives_at_most_max_in_the_order_of_the_ends) {
    const sl_job_id all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    polls_in_steps(NULL, all, 12);
    sl_job_filter any = filter_of(NULL, -1);
    polls_in_steps(&any, all, 12);
}

SL_TEST(a_poll_by_kind_gives_at_most_max_and_leaves_the_rest_in_order) {
    sl_job_filter filter = filter_of("b", -1);
    polls_in_steps(&filter, (const sl_job_id[]){2, 4, 6, 8, 10, 12}, 6);
}

SL_TEST(a_poll_by_owner_gives_at_most_max_and_leaves_the_rest_in_order) {
    sl_job_filter filter = filter_of(NULL, 0);
    polls_in_steps(&filter, (const sl_job_id[]){1, 2, 7, 8}, 4);
}

SL_TEST(a_poll_by_kind_and_owner_gives_at_most_max_and_leaves_the_rest_in_order) {
    sl_job_filter filter = filter_of("a", 2);
    polls_in_steps(&filter, (const sl_job_id[]){5, 11}, 2);
    filter = filter_of("c", 2);
    polls_in_steps(&filter, (const sl_job_id[]){0}, 0);
}

typedef struct nested {
    const shop *shop;
    order order;
    int depth;
} nested;

static void poll_inside(void *userdata, sl_job_result *result) {
    nested *nested = userdata;
    sl_job_id id = result->id;
    note_id(&nested->order, result);
    if (nested->depth < 2) {
        ++nested->depth;
        SL_CHECK_EQ(poll_with(nested->shop, NULL, 2, poll_inside, nested), 2);
        --nested->depth;
    }
    SL_CHECK_EQ(result->id, id); /* still lent */
}

SL_TEST(a_poll_inside_a_poll_takes_from_what_is_left_and_nothing_twice) {
    shop shop = twelve();
    nested nested = {.shop = &shop};
    SL_CHECK_EQ(poll_with(&shop, NULL, 1, poll_inside, &nested), 1);
    SL_CHECK_EQ(nested.order.len, 7);
    for (size_t i = 0; i < nested.order.len; ++i) {
        SL_CHECK_EQ(nested.order.ids[i], i + 1);
    }
    SL_CHECK_EQ(jobs_stats(&shop).delivered, 7);
    shop_free(&shop);
}

static void submit_unknown(void *userdata, sl_job_result *result) {
    (void)result;
    submit_of(userdata, "nonsense", "", 0);
}

SL_TEST(a_result_that_comes_during_a_poll_waits_for_the_next) {
    shop shop = twelve();
    SL_CHECK_EQ(poll_with(&shop, NULL, 0, submit_unknown, &shop), 12);
    SL_CHECK_EQ(jobs_stats(&shop).ready, 12);
    shop_free(&shop);
}

static void free_inside(void *userdata, sl_job_result *result) {
    shop *shop = userdata;
    SL_CHECK_EQ(result->id, 1);
    SL_CHECK_OK(sl_jobs_free(shop->jobs));
    SL_CHECK_STR_EQ(result->result, "one");
}

SL_TEST(jobs_freed_inside_a_poll_end_it) {
    shop shop = twelve();
    SL_CHECK_EQ(poll_with(&shop, NULL, 0, free_inside, &shop), 1);
    SL_CHECK_STATUS(sl_jobs_close(shop.jobs), SL_STATUS_STALE_HANDLE);
    host_free(&shop.host);
    SL_CHECK_OK(sl_loop_free(shop.loop));
}

SL_TEST(a_result_wakes_the_loop) {
    shop shop = shop_of(1);
    door door;
    occupy(&shop, &door);
    sem_post(&door.opened);
    while (jobs_stats(&shop).ready == 0) {
        /* Returns for the wake alone: nothing else is in the loop. */
        SL_CHECK_OK(sl_loop_run_once(shop.loop, UINT32_MAX, NULL));
    }
    shop_free(&shop);
}

SL_TEST(capacity_counts_what_is_not_polled_and_refuses_more) {
    sl_script_runner_config config = config_of(1, 1);
    shop shop = shop_with(&config, 3);
    sl_job_request request = request_of("echo", "x");
    counted counted = {0};
    sl_native_payload payload = payload_of(&counted);
    for (int i = 0; i < 3; ++i) {
        submit(&shop, &request);
    }
    request.native = &payload;
    sl_job_id id = 77;
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, &id), SL_STATUS_FULL);
    wait_ready(&shop, 3);
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, &id), SL_STATUS_FULL);
    SL_CHECK_EQ(id, 77);
    SL_CHECK_EQ(counted.drops, 0);
    next_given(&shop);
    SL_CHECK_EQ(submit(&shop, &request), 4);
    sl_jobs_stats stats = jobs_stats(&shop);
    SL_CHECK_EQ(stats.refused, 2);
    SL_CHECK_EQ(stats.high_water, 3);
    shop_free(&shop);
    SL_CHECK_EQ(counted.drops, 1);
}

SL_TEST(a_full_runner_refuses_and_takes_nothing) {
    sl_script_runner_config config = config_of(1, 1);
    config.job_capacity = 2;
    shop shop = shop_with(&config, 0);
    door door;
    occupy(&shop, &door);
    submit_of(&shop, "echo", "", 0);
    sl_job_request request = request_of("echo", "");
    SL_CHECK_STATUS(sl_jobs_submit(shop.jobs, &request, NULL), SL_STATUS_FULL);
    SL_CHECK_EQ(submit_of(&shop, "nonsense", "", 0), 3); /* needs no place among the workers */
    SL_CHECK_EQ(jobs_stats(&shop).refused, 1);
    sem_post(&door.opened);
    shop_free(&shop);
}

SL_TEST(scripts_and_jobs_share_the_workers_in_order_of_priority) {
    shop shop = shop_of(1);
    trace trace = {.len = 0};
    register_kind(&shop, "note", note, &trace);
    door door;
    occupy(&shop, &door);
    for (uint32_t i = 0; i < 8; ++i) {
        if (i % 2 == 0) {
            submit_of(&shop, "note", "n", 0);
        } else {
            sl_script_job job = job_of("n = (n or 0) + 1 return n");
            enqueue(&shop.host, &job);
        }
    }
    sl_job_request urgent = request_of("note", "u");
    urgent.priority = SL_PRIORITY_HIGH;
    submit(&shop, &urgent);
    sl_script_runner_stats stats = stats_of(&shop.host);
    SL_CHECK_EQ(stats.queued, 9);
    SL_CHECK_EQ(stats.running, 1);
    sem_post(&door.opened);
    for (int i = 1; i <= 4; ++i) {
        sl_action action = next_action(&shop.host);
        SL_CHECK_EQ(action.result->values[0].as.integer, i);
        SL_CHECK_OK(sl_action_free(&action));
    }
    wait_ready(&shop, 6);
    SL_CHECK_STR_EQ(trace.text, "unnnn");
    shop_free(&shop);
}

SL_TEST(a_job_needs_no_state) {
    sl_script_runner_config config = config_of(2, 1);
    shop shop = shop_with(&config, 0);
    gate gate;
    gate_close(&gate, &shop.host, 0); /* the one state is with its worker */
    submit_of(&shop, "uppercase", "free", 0);
    SL_CHECK_STR_EQ(next_given(&shop).text, "FREE");
    gate_open(&gate);
    shop_free(&shop);
}

SL_TEST(a_job_that_runs_keeps_no_state) {
    sl_script_runner_config config = config_of(2, 1);
    shop shop = shop_with(&config, 0);
    door first, second;
    gate gate;
    occupy(&shop, &first);
    gate_close(&gate, &shop.host, 0); /* the other worker has the state, and a job after this */
    door_init(&second);
    register_kind(&shop, "second", pass_door, &second);
    submit_of(&shop, "second", "", 0);
    gate_open(&gate);
    wait_for(&second.entered);
    sem_post(&first.opened);
    check_text(&shop.host, "return 2", "2"); /* on the first worker */
    sem_post(&second.opened);
    shop_free(&shop);
}

SL_TEST(two_sets_of_jobs_share_a_runner_and_nothing_else) {
    shop one = shop_of(2);
    shop two = {.host = one.host, .loop = one.loop, .jobs = jobs_on(one.host.runner, one.loop, 0)};
    submit_of(&one, "echo", "one", 0);
    submit_of(&two, "echo", "two", 0);
    SL_CHECK_STR_EQ(next_given(&one).text, "one");
    given given = next_given(&two);
    SL_CHECK_EQ(given.id, 1);
    SL_CHECK_STR_EQ(given.text, "Unknown job kind: echo");
    SL_CHECK_OK(sl_jobs_free(two.jobs));
    shop_free(&one);
}
