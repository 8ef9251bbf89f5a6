/* Drive: how the owner and the thread that drives its loop share it. */
#include "drive_test.h"

enum { ROUNDS = 200 };

SL_TEST(the_owner_polls_a_driven_loop_as_before) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    drive(loop);
    for (unsigned round = 1; round <= ROUNDS; ++round) {
        work_post(&post);
        host_poll(loop); /* one of the two runs it */
        event_wait(&post.ran, round);
    }
    SL_CHECK_EQ(host_stats(loop).posts_run, (uint64_t)ROUNDS);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void post_again(work *work) {
    SL_CHECK_OK(sl_loop_post(work->loop, SL_PRIORITY_NORMAL, work_run, work, NULL));
}

SL_TEST(an_owner_gets_its_turn_beside_work_that_never_ends) {
    sl_loop *loop = host_loop();
    work endless = WORK(loop), mine = WORK(loop);
    sl_drive_config config;
    SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
    config.slice_us = 50;
    endless.then = post_again;
    SL_CHECK_OK(sl_loop_drive_start(loop, &config));
    post_again(&endless);
    for (unsigned round = 1; round <= ROUNDS; ++round) {
        work_post_main(&mine);
        while (event_count(&mine.ran) < round) { /* one poll, or the next when it came too late */
            host_poll(loop);
        }
        SL_CHECK(work_ran_here(&mine));
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_thread_gets_its_turn_beside_an_owner_that_polls_all_the_time) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    unsigned elsewhere = 0;
    drive(loop);
    /* Each post rings the thread, which waits for its turn then: it is given one. */
    for (unsigned round = 1; elsewhere < 20; ++round) {
        work_post(&post);
        while (event_count(&post.ran) < round) {
            host_poll(loop);
        }
        elsewhere += !work_ran_here(&post);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_is_for_the_owner_waits_for_its_poll_and_keeps_its_order) {
    sl_loop *loop = host_loop();
    host_record record = {0};
    host_item items[] = {{.letter = 'a', .record = &record},
                         {.letter = 'b', .record = &record},
                         {.letter = 'c', .record = &record},
                         {.letter = 'd', .record = &record},
                         {.letter = 'e', .record = &record}};
    static const uint32_t priorities[] = {SL_PRIORITY_NORMAL, SL_PRIORITY_LOW, SL_PRIORITY_NORMAL,
                                          SL_PRIORITY_HIGH, SL_PRIORITY_NORMAL};
    work behind = WORK(loop);
    drive(loop);
    for (int i = 0; i < 5; ++i) {
        SL_CHECK_OK(sl_loop_post_main(loop, priorities[i], host_run, &items[i], host_drop));
    }
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_IDLE, work_run, &behind, work_drop));
    event_wait(&behind.ran, 1); /* so the thread has seen them all */
    SL_CHECK_EQ(record.len, 0u);
    SL_CHECK_EQ(host_next_deadline(loop), 0u);
    SL_CHECK_EQ(host_stats(loop).posts_pending, 5u);
    SL_CHECK_EQ(host_poll(loop), 5u);
    SL_CHECK_EQ(strcmp(record.text, "daceb"), 0);
    SL_CHECK_EQ(host_stats(loop).posts_pending, 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(without_a_drive_posts_for_the_owner_stand_in_line_with_the_others) {
    sl_loop *loop = host_loop();
    host_record record = {0};
    host_item items[] = {{.letter = 'a', .record = &record},
                         {.letter = 'b', .record = &record},
                         {.letter = 'c', .record = &record}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    SL_CHECK_OK(sl_loop_post_main(loop, SL_PRIORITY_NORMAL, host_run, &items[1], host_drop));
    host_post(loop, SL_PRIORITY_NORMAL, &items[2]);
    SL_CHECK_EQ(host_poll(loop), 3u);
    SL_CHECK_EQ(strcmp(record.text, "abc"), 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_was_held_for_the_owner_is_dropped_once_when_the_loop_ends) {
    sl_loop *loop = host_loop();
    work held = WORK(loop), behind = WORK(loop);
    drive(loop);
    work_post_main(&held);
    work_post(&behind);
    event_wait(&behind.ran, 1);
    SL_CHECK_EQ(atomic_load(&held.drops), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&held.drops), 1u);
    SL_CHECK_EQ(event_count(&held.ran), 0u);
}

SL_TEST(a_timer_for_the_owner_waits_for_its_poll) {
    sl_loop *loop = host_loop();
    work main_only = WORK(loop), other = WORK(loop);
    sl_timer_config config;
    sl_timer_id id = 0;
    SL_CHECK_OK(sl_timer_config_init(&config, sizeof config));
    config.flags = SL_TIMER_FLAG_MAIN;
    drive(loop);
    SL_CHECK_OK(sl_loop_schedule_timer_with(loop, &config, work_run, &main_only, work_drop, NULL));
    SL_CHECK_OK(sl_loop_schedule_timer_with(loop, &config, host_never, NULL, NULL, &id));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 1, 0, work_run, &other, work_drop, NULL));
    event_wait(&other.ran, 1);
    SL_CHECK_EQ(event_count(&main_only.ran), 0u);
    SL_CHECK(host_cancel(loop, id)); /* also while it is held */
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(work_ran_here(&main_only));
    SL_CHECK_EQ(atomic_load(&main_only.drops), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct handler {
    pthread_t ran_on;
    event ran;
} handler;

static void on_action(void *userdata, const sl_action *action) {
    handler *handler = userdata;
    (void)action;
    handler->ran_on = pthread_self();
    event_set(&handler->ran);
}

SL_TEST(actions_run_on_the_thread_unless_they_are_for_the_owner) {
    sl_loop *loop = host_loop();
    sl_action_queue *any = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action_queue *mine = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    handler any_handler = {.ran = EVENT_INIT}, my_handler = {.ran = EVENT_INIT};
    drive(loop);
    SL_CHECK_OK(sl_action_queue_attach(any, loop, 100, on_action, &any_handler, NULL));
    SL_CHECK_OK(sl_action_queue_attach_main(mine, loop, 50, on_action, &my_handler, NULL));
    SL_CHECK_OK(host_push(mine, 1));
    SL_CHECK_OK(host_push(any, 1));
    event_wait(&any_handler.ran, 1);
    SL_CHECK(!pthread_equal(any_handler.ran_on, pthread_self()));
    SL_CHECK_EQ(event_count(&my_handler.ran), 0u);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(pthread_equal(my_handler.ran_on, pthread_self()));
    SL_CHECK_OK(sl_action_queue_free(any)); /* by the owner, while it is driven */
    SL_CHECK_OK(sl_action_queue_free(mine));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_owner_that_fills_its_own_queue_waits_for_the_thread) {
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(2, SL_WHEN_FULL_BLOCK, UINT32_MAX);
    handler handler = {.ran = EVENT_INIT};
    SL_CHECK_OK(sl_action_queue_attach(queue, loop, 100, on_action, &handler, NULL));
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_OK(host_push(queue, 2));
    SL_CHECK_STATUS(host_push(queue, 3), SL_STATUS_WOULD_DEADLOCK);
    drive(loop);
    for (uint64_t id = 3; id <= 100; ++id) {
        SL_CHECK_OK(host_push(queue, id));
    }
    event_wait(&handler.ran, 100);
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *wake_it(void *loop) {
    SL_CHECK_OK(sl_loop_wake(loop));
    return NULL;
}

SL_TEST(a_wake_is_for_the_owner_whoever_sees_it_first) {
    sl_loop *loop = host_loop();
    work behind = WORK(loop);
    uint32_t dispatched = 1;
    drive(loop);
    for (int round = 0; round < ROUNDS; ++round) {
        SL_CHECK_OK(sl_loop_wake(loop));
        if (round % 2 == 0) {
            work_post(&behind);
            event_wait(&behind.ran, (unsigned)round / 2 + 1); /* the thread has taken it */
        }
        /* For ever, if it is lost. */
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    }
    pthread_t waker = host_thread(wake_it, loop);
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    host_join(waker);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *post_it(void *userdata) {
    work_post(userdata);
    return NULL;
}

SL_TEST(a_waiting_owner_runs_what_comes_and_the_thread_stands_back) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    uint32_t dispatched = 0;
    drive(loop);
    pthread_t poster = host_thread(post_it, &post);
    while (event_count(&post.ran) == 0) {
        SL_CHECK_OK(sl_loop_run_once(loop, 1, &dispatched));
    }
    host_join(poster);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void ring(void *userdata) {
    event_set(userdata);
}

SL_TEST(an_owner_that_waits_elsewhere_is_called_for_what_is_its_own) {
    sl_loop *loop = host_loop();
    event rings = EVENT_INIT;
    work mine = WORK(loop), other = WORK(loop);
    SL_CHECK_OK(sl_loop_set_wake_hook(loop, ring, &rings, NULL));
    drive(loop);
    work_post(&other);
    event_wait(&other.ran, 1);
    work_post_main(&mine);
    event_wait(&rings, 1);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK(work_ran_here(&mine));
    SL_CHECK_OK(sl_loop_wake(loop));
    event_wait(&rings, 2);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(an_idle_thread_sleeps_until_there_is_work) {
    sl_loop *loop = host_loop();
    work first = WORK(loop), second = WORK(loop);
    sl_drive_config config;
    SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
    config.spin_us = 0;
    SL_CHECK_OK(sl_loop_drive_start(loop, &config));
    work_post(&first);
    event_wait(&first.ran, 1);
    /* Between two posts it sleeps once, however long that lasts. */
    uint64_t steps = 0;
    while ((steps = drive_stats(loop).steps) == 0) {
    }
    uint64_t parks = drive_stats(loop).parks;
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 20, 0, work_run, &second, NULL, NULL));
    event_wait(&second.ran, 1);
    SL_CHECK(drive_stats(loop).parks <= parks + 3); /* for the timer, until it, after it */
    SL_CHECK_OK(sl_loop_free(loop));
}
