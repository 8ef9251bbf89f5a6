/* Action queue: run by the polls of a loop. */
#include "sl_host.h"

typedef struct target {
    host_record record;
    sl_loop *loop;
    sl_action_queue *queue;
    uint64_t takes_ns;
    atomic_uint drops;
} target;

static void runs(void *userdata, const sl_action *action) {
    target *to = (target *)userdata;
    SL_CHECK_EQ(atomic_load(&to->drops), 0u);
    to->record.text[to->record.len++] = (char)action->id;
    to->record.text[to->record.len] = '\0';
    if (to->takes_ns != 0) {
        SL_CHECK_OK(sl_loop_advance(to->loop, to->takes_ns));
    }
}

static void drops_target(void *userdata) {
    atomic_fetch_add(&((target *)userdata)->drops, 1);
}

static target attached(uint32_t priority, target *to) {
    to->loop = host_virtual_loop();
    to->queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(sl_action_queue_attach(to->queue, to->loop, priority, runs, to, drops_target));
    return *to;
}

static void push_letters(sl_action_queue *queue, const char *letters) {
    for (; *letters != '\0'; ++letters) {
        SL_CHECK_OK(host_push(queue, (uint64_t)*letters));
    }
}

SL_TEST(an_attach_that_is_not_allowed_takes_nothing) {
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    target to = {.takes_ns = 0};
    SL_CHECK_STATUS(sl_action_queue_attach(NULL, loop, 0, runs, &to, drops_target),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_attach(queue, NULL, 0, runs, &to, drops_target),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_attach(queue, loop, 0, NULL, &to, drops_target),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(
        sl_action_queue_attach((sl_action_queue *)loop, loop, 0, runs, &to, drops_target),
        SL_STATUS_WRONG_KIND);
    SL_CHECK_STATUS(sl_action_queue_attach(queue, (sl_loop *)queue, 0, runs, &to, drops_target),
                    SL_STATUS_WRONG_KIND);
    SL_CHECK_OK(sl_loop_detach_thread(loop));
    SL_CHECK_STATUS(sl_action_queue_attach(queue, loop, 0, runs, &to, drops_target),
                    SL_STATUS_WRONG_THREAD);
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_STATUS(sl_action_queue_attach(queue, loop, 0, runs, &to, drops_target),
                    SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(atomic_load(&to.drops), 0u);
    SL_CHECK_OK(sl_action_queue_free(queue));
    loop = host_loop();
    SL_CHECK_STATUS(sl_action_queue_attach(queue, loop, 0, runs, &to, drops_target),
                    SL_STATUS_STALE_HANDLE);
    SL_CHECK_EQ(atomic_load(&to.drops), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_queue_is_attached_once) {
    target to = {.takes_ns = 0};
    target other = {.takes_ns = 0};
    attached(100, &to);
    sl_loop *loop = host_loop();
    SL_CHECK_STATUS(sl_action_queue_attach(to.queue, to.loop, 100, runs, &other, drops_target),
                    SL_STATUS_BUSY);
    SL_CHECK_STATUS(sl_action_queue_attach(to.queue, loop, 1, runs, &other, drops_target),
                    SL_STATUS_BUSY);
    SL_CHECK_EQ(atomic_load(&other.drops), 0u);
    SL_CHECK_EQ(atomic_load(&to.drops), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_EQ(atomic_load(&to.drops), 1u);
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(actions_run_in_polls_also_those_from_before) {
    target to = {.takes_ns = 0};
    to.loop = host_virtual_loop();
    to.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    push_letters(to.queue, "ab");
    SL_CHECK_OK(sl_action_queue_attach(to.queue, to.loop, 100, runs, &to, drops_target));
    SL_CHECK_EQ(host_next_deadline(to.loop), 0);
    push_letters(to.queue, "c");
    sl_report report = host_report(to.loop, NULL);
    SL_CHECK_EQ(report.actions, 3);
    SL_CHECK_EQ(report.items, 3);
    SL_CHECK_STR_EQ(to.record.text, "abc");
    SL_CHECK_EQ(host_stats(to.loop).actions_run, 3);
    SL_CHECK_EQ(host_poll(to.loop), 0u);
    SL_CHECK_EQ(host_next_deadline(to.loop), SL_UNLIMITED);
    SL_CHECK_EQ(host_queue_stats(to.queue).delivered, 3);
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(the_budget_of_a_poll_is_checked_between_actions) {
    target to = {.takes_ns = 3 * HOST_MS / 2};
    attached(100, &to);
    push_letters(to.queue, "abcdefg");
    sl_step step = host_step();
    step.max_work_us = 4000;
    sl_report report = host_report(to.loop, &step);
    SL_CHECK_STR_EQ(to.record.text, "abc");
    SL_CHECK_EQ(report.remaining, 4);
    SL_CHECK_EQ(report.overshoot_ns, HOST_MS / 2);
    SL_CHECK_OK(sl_loop_poll(to.loop, 0, NULL));
    SL_CHECK_STR_EQ(to.record.text, "abcd");
    push_letters(to.queue, "h");
    SL_CHECK_EQ(host_report(to.loop, NULL).items, 4);
    SL_CHECK_STR_EQ(to.record.text, "abcdefgh");
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

static void takes_turns_at(uint32_t priority) {
    target to = {.takes_ns = 0};
    host_item posts[3];
    attached(priority, &to);
    for (int i = 0; i < 3; ++i) {
        posts[i] = (host_item){.letter = (char)('x' + i), .record = &to.record};
        host_post(to.loop, priority, &posts[i]);
    }
    push_letters(to.queue, "abc");
    SL_CHECK_EQ(host_poll(to.loop), 6u);
    SL_CHECK(strcmp(to.record.text, "axbycz") == 0 || strcmp(to.record.text, "xaybzc") == 0);
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(actions_and_posts_of_one_priority_take_turns) {
    takes_turns_at(SL_PRIORITY_NORMAL);
    takes_turns_at(SL_PRIORITY_HIGH);
    takes_turns_at(SL_PRIORITY_LOW);
}

SL_TEST(actions_run_at_their_priority) {
    target to = {.takes_ns = 0};
    host_item posts[3];
    const uint32_t priorities[] = {SL_PRIORITY_IDLE, SL_PRIORITY_NORMAL, SL_PRIORITY_HIGH};
    attached(SL_PRIORITY_LOW, &to);
    push_letters(to.queue, "ab");
    for (int i = 0; i < 3; ++i) {
        posts[i] = (host_item){.letter = (char)('x' + i), .record = &to.record};
        host_post(to.loop, priorities[i], &posts[i]);
    }
    SL_CHECK_EQ(host_poll(to.loop), 5u);
    SL_CHECK_STR_EQ(to.record.text, "zyabx");
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(an_attached_queue_takes_up_no_room_among_the_posts) {
    sl_loop_config config = host_loop_config();
    target to = {.takes_ns = 0};
    host_item item = {.letter = 'x'};
    config.post_capacity = 1;
    SL_CHECK_OK(sl_loop_new(&config, &to.loop));
    to.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(sl_action_queue_attach(to.queue, to.loop, 5, runs, &to, NULL));
    push_letters(to.queue, "a");
    host_post(to.loop, SL_PRIORITY_HIGH, &item);
    SL_CHECK_EQ(host_poll(to.loop), 2u);
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(what_was_taken_by_hand_does_not_keep_the_loop_busy) {
    target to = {.takes_ns = 0};
    to.loop = host_loop();
    to.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(sl_action_queue_attach(to.queue, to.loop, 100, runs, &to, NULL));
    for (int round = 0; round < 10; ++round) {
        push_letters(to.queue, "ab");
        SL_CHECK_EQ(host_pop(to.queue), (uint64_t)'a');
        if (round % 2 == 0) {
            SL_CHECK_EQ(host_pop(to.queue), (uint64_t)'b');
        }
        SL_CHECK_EQ(host_poll(to.loop), round % 2 == 0 ? 0u : 1u);
        uint64_t parks = host_stats(to.loop).parks;
        SL_CHECK_OK(sl_loop_run_once(to.loop, 2, NULL));
        SL_CHECK(host_stats(to.loop).parks > parks);
        SL_CHECK_EQ(host_next_deadline(to.loop), SL_UNLIMITED);
    }
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}

SL_TEST(a_queue_outlives_the_loop_it_is_attached_to) {
    target to = {.takes_ns = 0};
    attached(100, &to);
    push_letters(to.queue, "abc");
    SL_CHECK_OK(sl_loop_poll(to.loop, 0, NULL));
    SL_CHECK_OK(sl_loop_free(to.loop));
    SL_CHECK_EQ(atomic_load(&to.drops), 0u);
    push_letters(to.queue, "d");
    SL_CHECK_EQ(host_pop(to.queue), (uint64_t)'b');
    SL_CHECK_OK(sl_action_queue_drain(to.queue, NULL, runs, &to, NULL));
    SL_CHECK_STR_EQ(to.record.text, "acd");
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_EQ(atomic_load(&to.drops), 1u);
}

SL_TEST(a_queue_may_end_before_the_loop_runs_it) {
    target to = {.takes_ns = 0};
    host_item item = {.letter = 'x', .record = &to.record};
    attached(100, &to);
    push_letters(to.queue, "abc");
    host_post(to.loop, 100, &item);
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_EQ(host_poll(to.loop), 1u);
    SL_CHECK_STR_EQ(to.record.text, "x");
    SL_CHECK_EQ(host_poll(to.loop), 0u);
    SL_CHECK_EQ(atomic_load(&to.drops), 1u);
    SL_CHECK_OK(sl_loop_free(to.loop));
}

static void *frees_what_is_not_its_own(void *argument) {
    SL_CHECK_STATUS(sl_action_queue_free((sl_action_queue *)argument), SL_STATUS_WRONG_THREAD);
    return NULL;
}

static void ends_things(void *userdata, const sl_action *action) {
    target *to = (target *)userdata;
    SL_CHECK_STATUS(sl_action_queue_free(to->queue), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_action_queue_drain(to->queue, NULL, runs, to, NULL), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_free(to->loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_poll(to->loop, 0, NULL), SL_STATUS_REENTERED);
    runs(userdata, action);
    push_letters(to->queue, "z");
}

SL_TEST(an_attached_queue_is_freed_by_the_owner_and_not_in_its_callback) {
    target to = {.takes_ns = 0};
    to.loop = host_virtual_loop();
    to.queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(sl_action_queue_attach(to.queue, to.loop, 100, ends_things, &to, drops_target));
    push_letters(to.queue, "a");
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_EQ(host_poll(to.loop), 1u);
    }
    SL_CHECK_STR_EQ(to.record.text, "azz");
    host_join(host_thread(frees_what_is_not_its_own, to.queue));
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_EQ(host_poll(to.loop), 0u);
    SL_CHECK_OK(sl_loop_free(to.loop));
}

static void *pushes_once_the_owner_sleeps(void *argument) {
    target *to = (target *)argument;
    while (host_stats(to->loop).parks == 0) {
        sched_yield();
    }
    push_letters(to->queue, "a");
    return NULL;
}

SL_TEST(a_push_ends_the_sleep_of_the_owner) {
    target to = {.takes_ns = 0};
    uint32_t dispatched = 0;
    attached(SL_PRIORITY_LOW, &to);
    pthread_t thread = host_thread(pushes_once_the_owner_sleeps, &to);
    SL_CHECK_OK(sl_loop_run_once(to.loop, UINT32_MAX, &dispatched));
    SL_CHECK_EQ(dispatched, 1u);
    host_join(thread);
    SL_CHECK_OK(sl_action_queue_free(to.queue));
    SL_CHECK_OK(sl_loop_free(to.loop));
}
