/* Action queue: draining, and what an action carries and who frees it. */
#include "sl_host.h"

typedef struct drained {
    sl_action_queue *queue;
    uint64_t ids[64];
    size_t len;
} drained;

static void notes(void *userdata, const sl_action *action) {
    drained *to = (drained *)userdata;
    SL_CHECK(to->len < 64);
    to->ids[to->len++] = action->id;
}

SL_TEST(a_drain_that_is_not_allowed_takes_nothing) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    drained to = {.len = 0};
    sl_step budget = host_step();
    sl_report report = {.size = sizeof report, .items = 77};
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_STATUS(sl_action_queue_drain(NULL, NULL, notes, &to, &report),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_drain(queue, NULL, NULL, &to, &report),
                    SL_STATUS_NULL_ARGUMENT);
    budget.size = 0;
    SL_CHECK_STATUS(sl_action_queue_drain(queue, &budget, notes, &to, &report),
                    SL_STATUS_INVALID_ARGUMENT);
    budget.size = sizeof budget + 1;
    SL_CHECK_STATUS(sl_action_queue_drain(queue, &budget, notes, &to, &report),
                    SL_STATUS_INVALID_ARGUMENT);
    budget = host_step();
    budget.flags = 2;
    SL_CHECK_STATUS(sl_action_queue_drain(queue, &budget, notes, &to, &report),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(report.items, 77);
    report.size = 0;
    SL_CHECK_STATUS(sl_action_queue_drain(queue, NULL, notes, &to, &report),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(to.len, 0u);
    SL_CHECK_EQ(host_queue_stats(queue).pending, 1);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

/* Mistake: a poll(max) that returns up to twice max. */
SL_TEST(a_drain_keeps_its_bound_of_items) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    drained to = {.len = 0};
    sl_step budget = host_step();
    sl_report report = {.size = sizeof report};
    for (uint64_t id = 0; id < 20; ++id) {
        SL_CHECK_OK(host_push(queue, id));
    }
    budget.max_items = 7;
    SL_CHECK_OK(sl_action_queue_drain(queue, &budget, notes, &to, &report));
    SL_CHECK_EQ(report.items, 7);
    SL_CHECK_EQ(report.actions, 7);
    SL_CHECK_EQ(report.timers + report.posts, 0);
    SL_CHECK_EQ(report.remaining, 13);
    SL_CHECK_EQ(report.next_deadline_ns, 0);
    SL_CHECK_EQ(to.len, 7u);

    budget = host_step();
    budget.max_work_us = 0;
    SL_CHECK_OK(sl_action_queue_drain(queue, &budget, notes, &to, &report));
    SL_CHECK_EQ(report.items, 1);
    SL_CHECK_OK(sl_action_queue_drain(queue, NULL, notes, &to, &report));
    SL_CHECK_EQ(report.items, 12);
    SL_CHECK_EQ(report.remaining, 0);
    SL_CHECK_EQ(report.next_deadline_ns, SL_UNLIMITED);
    for (uint64_t id = 0; id < 20; ++id) {
        SL_CHECK_EQ(to.ids[id], id);
    }
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void waits_out_the_budget(void *userdata, const sl_action *action) {
    sl_loop *clock = (sl_loop *)userdata;
    uint64_t now = 0;
    uint64_t start = 0;
    SL_CHECK_EQ(action->kind, 1u);
    SL_CHECK_OK(sl_loop_now(clock, &start));
    do {
        SL_CHECK_OK(sl_loop_now(clock, &now));
    } while (now - start < 2 * HOST_MS);
}

SL_TEST(a_drain_checks_its_time_between_two_actions) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_loop *clock = host_loop();
    sl_step budget = host_step();
    sl_report report = {.size = sizeof report};
    for (uint64_t id = 0; id < 3; ++id) {
        SL_CHECK_OK(host_push(queue, id));
    }
    budget.max_work_us = 1000;
    for (uint64_t left = 3; left-- > 0;) {
        SL_CHECK_OK(sl_action_queue_drain(queue, &budget, waits_out_the_budget, clock, &report));
        SL_CHECK_EQ(report.items, 1);
        SL_CHECK_EQ(report.remaining, left);
        SL_CHECK(report.elapsed_ns >= 2 * HOST_MS);
        SL_CHECK(report.overshoot_ns >= HOST_MS);
    }
    SL_CHECK_OK(sl_loop_free(clock));
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void meddles(void *userdata, const sl_action *action) {
    drained *to = (drained *)userdata;
    notes(userdata, action);
    SL_CHECK_STATUS(sl_action_queue_drain(to->queue, NULL, notes, to, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_action_queue_free(to->queue), SL_STATUS_REENTERED);
    SL_CHECK_OK(host_push(to->queue, action->id + 100));
    if (action->id == 1) {
        SL_CHECK_EQ(host_pop(to->queue), 2);
    }
}

SL_TEST(a_callback_may_push_and_pop_and_not_drain_or_free) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    drained to = {.queue = queue};
    for (uint64_t id = 1; id <= 4; ++id) {
        SL_CHECK_OK(host_push(queue, id));
    }
    sl_report report = {.size = sizeof report};
    sl_step budget = host_step();
    budget.max_items = 3;
    SL_CHECK_OK(sl_action_queue_drain(queue, &budget, meddles, &to, &report));
    SL_CHECK_EQ(report.items, 3);
    const uint64_t expected[] = {1, 3, 4};
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_EQ(to.ids[i], expected[i]);
    }
    SL_CHECK_EQ(host_queue_stats(queue).pending, 3);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(what_comes_during_a_drain_waits_for_the_next) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    drained to = {.queue = queue};
    SL_CHECK_OK(host_push(queue, 5));
    for (uint64_t round = 0; round < 10; ++round) {
        sl_report report = {.size = sizeof report};
        SL_CHECK_OK(sl_action_queue_drain(queue, NULL, meddles, &to, &report));
        SL_CHECK_EQ(report.items, 1);
        SL_CHECK_EQ(report.remaining, 1);
        SL_CHECK_EQ(to.ids[round], 5 + 100 * round);
    }
    SL_CHECK_OK(sl_action_queue_free(queue));
}

typedef struct two {
    sl_action_queue *queue;
    pthread_barrier_t both_run;
    pthread_barrier_t first_is_done;
} two;

static void runs_first(void *userdata, const sl_action *action) {
    two *shared = (two *)userdata;
    (void)action;
    pthread_barrier_wait(&shared->both_run);
    SL_CHECK_STATUS(sl_action_queue_drain(shared->queue, NULL, runs_first, shared, NULL),
                    SL_STATUS_REENTERED);
}

static void runs_longer(void *userdata, const sl_action *action) {
    two *shared = (two *)userdata;
    (void)action;
    pthread_barrier_wait(&shared->both_run);
    pthread_barrier_wait(&shared->first_is_done);
    SL_CHECK_STATUS(sl_action_queue_drain(shared->queue, NULL, runs_longer, shared, NULL),
                    SL_STATUS_REENTERED);
}

static void *drains_longer(void *argument) {
    two *shared = (two *)argument;
    SL_CHECK_OK(sl_action_queue_drain(shared->queue, NULL, runs_longer, shared, NULL));
    SL_CHECK_OK(sl_action_queue_drain(shared->queue, NULL, runs_longer, shared, NULL));
    return NULL;
}

SL_TEST(two_threads_may_drain_and_each_is_refused_only_inside_its_own) {
    two shared = {.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0)};
    sl_step one = host_step();
    one.max_items = 1;
    host_barrier(&shared.both_run, 2);
    host_barrier(&shared.first_is_done, 2);
    SL_CHECK_OK(host_push(shared.queue, 1));
    SL_CHECK_OK(host_push(shared.queue, 2));
    pthread_t thread = host_thread(drains_longer, &shared);
    SL_CHECK_OK(sl_action_queue_drain(shared.queue, &one, runs_first, &shared, NULL));
    pthread_barrier_wait(&shared.first_is_done);
    host_join(thread);
    SL_CHECK_OK(sl_action_queue_drain(shared.queue, NULL, runs_first, &shared, NULL));
    SL_CHECK_EQ(host_queue_stats(shared.queue).delivered, 2);
    SL_CHECK_OK(sl_action_queue_free(shared.queue));
}

static sl_action sent(const char *message, size_t message_len) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action pushed = host_action(9);
    sl_action popped = {.size = sizeof popped};
    pushed.message = message;
    pushed.message_len = message_len;
    SL_CHECK_OK(sl_action_queue_push(queue, &pushed));
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &popped));
    SL_CHECK_OK(sl_action_queue_free(queue));
    return popped;
}

SL_TEST(an_action_carries_what_was_pushed) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    char text[] = "hello";
    sl_action pushed = host_action(UINT64_MAX);
    sl_action popped = {.size = sizeof popped};
    pushed.owner = UINT64_MAX - 1;
    pushed.context = &pushed;
    pushed.kind = 0xfffffffe;
    pushed.success = true;
    pushed.message = text;
    pushed.message_len = 5;
    SL_CHECK_OK(sl_action_queue_push(queue, &pushed));
    memset(text, 'x', sizeof text);
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &popped));
    SL_CHECK_EQ(popped.size, sizeof popped);
    SL_CHECK_EQ(popped.id, UINT64_MAX);
    SL_CHECK_EQ(popped.owner, UINT64_MAX - 1);
    SL_CHECK_EQ(popped.context, &pushed);
    SL_CHECK_EQ(popped.kind, 0xfffffffe);
    SL_CHECK(popped.success);
    SL_CHECK(popped.result == NULL);
    SL_CHECK(popped.message != text);
    SL_CHECK_STR_EQ(popped.message, "hello");
    SL_CHECK_EQ(popped.message_len, 5u);
    SL_CHECK_OK(sl_action_free(&popped));
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(messages_may_be_null_empty_long_and_full_of_nuls) {
    static char large[1 << 20];
    sl_action none = sent(NULL, 0);
    SL_CHECK(none.message == NULL);
    SL_CHECK_EQ(none.message_len, 0u);
    SL_CHECK_OK(sl_action_free(&none));

    sl_action empty = sent("", 0);
    SL_CHECK_STR_EQ(empty.message, "");
    SL_CHECK_EQ(empty.message_len, 0u);
    SL_CHECK_OK(sl_action_free(&empty));

    sl_action nuls = sent("a\0b\0\0", 5);
    SL_CHECK_EQ(nuls.message_len, 5u);
    SL_CHECK_EQ(memcmp(nuls.message, "a\0b\0\0", 6), 0);
    SL_CHECK_OK(sl_action_free(&nuls));

    for (size_t i = 0; i < sizeof large; ++i) {
        large[i] = (char)(i * 31);
    }
    sl_action long_one = sent(large, sizeof large);
    SL_CHECK_EQ(long_one.message_len, sizeof large);
    SL_CHECK_EQ(memcmp(long_one.message, large, sizeof large), 0);
    SL_CHECK_EQ(long_one.message[sizeof large], '\0');
    SL_CHECK_OK(sl_action_free(&long_one));
}

SL_TEST(an_action_is_freed_once_by_whichever_copy) {
    sl_action action = sent("text", 4);
    sl_action copy = action;
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK(action.message == NULL);
    SL_CHECK_EQ(action.ticket, 0);
    SL_CHECK_EQ(action.id, 0);
    SL_CHECK_EQ(action.size, sizeof action);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_STATUS(sl_action_free(&copy), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_action_free(&copy), SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(copy.id, 9);
    sl_action next = sent("next", 4);
    SL_CHECK_STATUS(sl_action_free(&copy), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STR_EQ(next.message, "next");
    SL_CHECK_OK(sl_action_free(&next));
    SL_CHECK_OK(sl_action_free(NULL));
}

SL_TEST(what_is_no_popped_action_is_not_freed) {
    sl_loop *loop = host_loop();
    sl_action action = host_action(5);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_EQ(action.id, 0);
    const size_t sizes[] = {0, 8, sizeof action - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        action = host_action(5);
        action.size = sizes[i];
        SL_CHECK_STATUS(sl_action_free(&action), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_EQ(action.id, 5);
    }
    action = host_action(5);
    action.ticket = (uint64_t)(uintptr_t)loop;
    SL_CHECK_STATUS(sl_action_free(&action), SL_STATUS_WRONG_KIND);
    action.ticket = UINT64_MAX;
    SL_CHECK_STATUS(sl_action_free(&action), SL_STATUS_STALE_HANDLE);
    action.ticket = 1;
    SL_CHECK_STATUS(sl_action_free(&action), SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(action.id, 5);
    SL_CHECK_OK(sl_loop_free(loop));
}
