/* Drive: a loop that a thread of its own polls. */
#include "drive_test.h"

SL_TEST(start_then_stop) {
    sl_loop *loop = host_loop();
    SL_CHECK_EQ(drive_stats(loop).is_on, 0u);
    drive(loop);
    SL_CHECK_EQ(drive_stats(loop).is_on, 1u);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_EQ(drive_stats(loop).is_on, 0u);
    SL_CHECK_EQ(drive_stats(loop).starts, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_config_that_is_not_allowed_is_refused) {
    sl_loop *loop = host_loop();
    sl_drive_config config;
    SL_CHECK_STATUS(sl_drive_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_drive_config_init(&config, 8), SL_STATUS_INVALID_ARGUMENT);
    for (int wrong = 0; wrong < 6; ++wrong) {
        SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
        config.drop = host_never;
        switch (wrong) {
        case 0:
            config.size = 8;
            break;
        case 1:
            config.name = "";
            break;
        case 2:
            config.name = "sixteen bytes ab";
            break;
        case 3:
            config.stack_bytes = 1024;
            break;
        case 4:
            config.slice_us = 0;
            break;
        default:
            config.spin_us = 1000001;
            break;
        }
        SL_CHECK_STATUS(sl_loop_drive_start(loop, &config), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_EQ(drive_stats(loop).is_on, 0u);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(posts_and_timers_run_on_the_thread_and_nobody_polls) {
    sl_loop *loop = host_loop();
    work post = WORK(loop), low = WORK(loop), timer = WORK(loop);
    work_post(&post); /* before the start: caught up */
    drive(loop);
    event_wait(&post.ran, 1);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_LOW, work_run, &low, work_drop));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 1, 0, work_run, &timer, work_drop, NULL));
    event_wait(&low.ran, 1);
    event_wait(&timer.ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK(!work_ran_here(&post));
    SL_CHECK(!work_ran_here(&low));
    SL_CHECK(!work_ran_here(&timer));
    SL_CHECK_EQ(drive_stats(loop).items, 3u);
    SL_CHECK_EQ(atomic_load(&timer.drops), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void schedule_another(work *work) {
    if (event_count(&work->ran) < 4) {
        SL_CHECK_OK(sl_loop_schedule_timer(work->loop, 1, 0, work_run, work, NULL, NULL));
    }
}

SL_TEST(a_chain_of_timers_goes_on_by_itself) {
    sl_loop *loop = host_loop();
    work chain = WORK(loop);
    chain.then = schedule_another;
    drive(loop);
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 1, 0, work_run, &chain, NULL, NULL));
    event_wait(&chain.ran, 5);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(without_a_drive_nothing_moves) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    work_post(&post);
    drive(loop);
    event_wait(&post.ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    work_post(&post);
    SL_CHECK_EQ(host_stats(loop).posts_pending, 1u);
    SL_CHECK_EQ(event_count(&post.ran), 1u);
    SL_CHECK_EQ(host_poll(loop), 1u); /* by hand, as before */
    SL_CHECK(work_ran_here(&post));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(stop_then_start_catches_up) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    for (unsigned round = 1; round <= 20; ++round) {
        drive(loop);
        SL_CHECK_OK(sl_loop_drive_stop(loop));
        work_post(&post);
        drive(loop);
        event_wait(&post.ran, round);
        SL_CHECK_OK(sl_loop_drive_stop(loop));
    }
    SL_CHECK_EQ(drive_stats(loop).starts, 40u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(start_and_stop_may_be_repeated) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    for (int i = 0; i < 3; ++i) {
        drive(loop);
    }
    SL_CHECK_EQ(drive_stats(loop).starts, 1u);
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_OK(sl_loop_drive_stop(loop));
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *stop_it(void *loop) {
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    return NULL;
}

SL_TEST(overlapping_stops_all_return_when_the_item_is_done) {
    sl_loop *loop = host_loop();
    event gate = EVENT_INIT;
    work post = WORK(loop);
    pthread_t stoppers[4];
    post.gate = &gate;
    drive(loop);
    work_post(&post);
    event_wait(&post.ran, 1); /* it runs, and does not end */
    for (int i = 0; i < 4; ++i) {
        stoppers[i] = host_thread(stop_it, loop);
    }
    SL_CHECK_EQ(atomic_load(&post.drops), 0u);
    event_set(&gate);
    for (int i = 0; i < 4; ++i) {
        host_join(stoppers[i]);
    }
    SL_CHECK_EQ(atomic_load(&post.drops), 1u);
    SL_CHECK_EQ(drive_stats(loop).is_on, 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void stop_from_inside(work *work) {
    SL_CHECK_STATUS(sl_loop_drive_stop(work->loop), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_OK(sl_loop_drive_start(work->loop, NULL));
    SL_CHECK_STATUS(sl_loop_free(work->loop), SL_STATUS_REENTERED);
    SL_CHECK_STATUS(sl_loop_attach_thread(work->loop), SL_STATUS_WRONG_THREAD);
    uint32_t dispatched = 0;
    SL_CHECK_STATUS(sl_loop_poll(work->loop, 0, &dispatched), SL_STATUS_REENTERED);
    bool is_owner = true;
    SL_CHECK_OK(sl_loop_is_owner(work->loop, &is_owner));
    SL_CHECK(!is_owner);
}

SL_TEST(what_a_driven_callback_may_not_do_is_a_status) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    post.then = stop_from_inside;
    drive(loop);
    work_post(&post);
    event_wait(&post.ran, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *others_may_not(void *userdata) {
    work *other = userdata;
    uint32_t dispatched = 0;
    SL_CHECK_STATUS(sl_loop_poll(other->loop, 0, &dispatched), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_free(other->loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_attach_thread(other->loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_OK(sl_loop_drive_start(other->loop, NULL)); /* it is driven */
    SL_CHECK_OK(sl_loop_drive_stop(other->loop));
    SL_CHECK_STATUS(sl_loop_drive_start(other->loop, NULL), SL_STATUS_WRONG_THREAD);
    return NULL;
}

SL_TEST(a_stranger_stops_it_but_neither_polls_nor_starts_it) {
    sl_loop *loop = host_loop();
    work other = WORK(loop);
    drive(loop);
    host_join(host_thread(others_may_not, &other));
    SL_CHECK_OK(sl_loop_free(loop));
}

static void start_from_inside(work *work) {
    SL_CHECK_STATUS(sl_loop_drive_start(work->loop, NULL), SL_STATUS_REENTERED);
}

SL_TEST(a_callback_of_an_owner_that_polls_cannot_start_it) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    post.then = start_from_inside;
    work_post(&post);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *drive_one_that_nobody_owns(void *userdata) {
    work *post = userdata;
    drive(post->loop);
    event_wait(&post->ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(post->loop));
    return NULL;
}

SL_TEST(a_loop_that_nobody_owns_is_driven_from_any_thread) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    work_post(&post);
    SL_CHECK_OK(sl_loop_detach_thread(loop));
    host_join(host_thread(drive_one_that_nobody_owns, &post));
    drive(loop);
    SL_CHECK_OK(sl_loop_attach_thread(loop)); /* while it is driven */
    SL_CHECK_STATUS(sl_loop_detach_thread(loop), SL_STATUS_BUSY);
    work_post(&post);
    event_wait(&post.ran, 2);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(freeing_a_driven_loop_ends_the_driving) {
    sl_loop *loop = host_loop();
    work post = WORK(loop);
    drive(loop);
    work_post(&post);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&post.drops), 1u); /* run or not */
    SL_CHECK_STATUS(sl_loop_drive_stop(loop), SL_STATUS_STALE_HANDLE);
}

/* What the hooks have seen. */
typedef struct hooked {
    work work;
    pthread_t started_on, exited_on;
    char name[16];
    size_t stack_bytes;
    atomic_uint exits;
} hooked;

static void on_start(void *userdata) {
    hooked *hooked = userdata;
    pthread_attr_t attributes;
    void *stack = NULL;
    hooked->started_on = pthread_self();
    SL_CHECK_EQ(pthread_getname_np(pthread_self(), hooked->name, sizeof hooked->name), 0);
    SL_CHECK_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    SL_CHECK_EQ(pthread_attr_getstack(&attributes, &stack, &hooked->stack_bytes), 0);
    SL_CHECK_EQ(pthread_attr_destroy(&attributes), 0);
}

static void on_exit_(void *userdata) {
    hooked *hooked = userdata;
    hooked->exited_on = pthread_self();
    SL_CHECK_EQ(atomic_load(&hooked->work.drops), 0u);
    atomic_fetch_add(&hooked->exits, 1);
}

SL_TEST(a_second_start_takes_its_data_and_gives_it_back) {
    sl_loop *loop = host_loop();
    hooked hooked = {.work = WORK(loop)};
    sl_drive_config config;
    drive(loop);
    SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
    config.on_start = host_never;
    config.userdata = &hooked;
    config.drop = work_drop;
    SL_CHECK_OK(sl_loop_drive_start(loop, &config));
    SL_CHECK_EQ(atomic_load(&hooked.work.drops), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&hooked.work.drops), 1u);
}

/* What a hook may not do, and that its errors are kept. */
static void misbehave(void *userdata) {
    sl_loop *loop = ((work *)userdata)->loop;
    SL_CHECK_STATUS(sl_loop_drive_stop(loop), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_STATUS(sl_loop_close_gracefully(loop, UINT32_MAX), SL_STATUS_WOULD_DEADLOCK);
    SL_CHECK_OK(sl_loop_drive_start(loop, NULL));
    SL_CHECK_OK(sl_log_write(SL_LOG_LEVEL_ERROR, "hook", 4));
    event_set(&((work *)userdata)->ran);
}

static void is_a_hooks(void *userdata, const sl_loop_error *error) {
    SL_CHECK_EQ(error->text_len, 4u);
    SL_CHECK_EQ(memcmp(error->text, "hook", 4), 0);
    ++*(unsigned *)userdata;
}

SL_TEST(hooks_are_on_the_thread_with_all_that_follows) {
    sl_loop *loop = host_loop();
    work work = WORK(loop);
    sl_drive_config config;
    unsigned errors = 0;
    SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
    config.on_start = misbehave;
    config.on_exit = misbehave;
    config.userdata = &work;
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_OK(sl_loop_drive_start(loop, &config));
    event_wait(&work.ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_EQ(event_count(&work.ran), 2u);
    SL_CHECK_OK(sl_loop_drain_errors(loop, is_a_hooks, &errors, NULL));
    SL_CHECK_EQ(errors, 2u);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, NULL, NULL, NULL));
}

SL_TEST(the_thread_has_its_name_and_stack_and_calls_the_hooks) {
    sl_loop *loop = host_loop();
    hooked hooked = {.work = WORK(loop)};
    sl_drive_config config;
    SL_CHECK_OK(sl_drive_config_init(&config, sizeof config));
    char name[] = "game-background";
    config.name = name;
    config.stack_bytes = 8 << 20;
    config.on_start = on_start;
    config.on_exit = on_exit_;
    config.userdata = &hooked;
    config.drop = work_drop; /* the work is the first member */
    SL_CHECK_OK(sl_loop_drive_start(loop, &config));
    name[0] = '?'; /* it was copied */
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, work_run, &hooked.work, NULL));
    event_wait(&hooked.work.ran, 1);
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_EQ(strcmp(hooked.name, "game-background"), 0);
    SL_CHECK(hooked.stack_bytes >= (size_t)8 << 20);
    SL_CHECK(pthread_equal(hooked.started_on, hooked.work.ran_on));
    SL_CHECK(pthread_equal(hooked.started_on, hooked.exited_on));
    SL_CHECK_EQ(atomic_load(&hooked.exits), 1u);
    SL_CHECK_EQ(atomic_load(&hooked.work.drops), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}
