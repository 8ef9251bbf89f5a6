/* A loop in the host's uv_loop_t: the host runs it. */
#include "uv_test.h"

static void stop_uv(void *userdata) {
    uv_stop((uv_loop_t *)userdata);
}

static void *post_it(void *userdata) {
    work_post(userdata);
    return NULL;
}

SL_TEST(posts_of_all_threads_and_timers_run_in_the_hosts_uv_run) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop *loop = uv_lent(&uv_loop);
    work post = WORK(loop), timer = WORK(loop);
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 2, 0, work_run, &timer, work_drop, NULL));
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 4, 0, stop_uv, &uv_loop, NULL, NULL));
    pthread_t poster = host_thread(post_it, &post);
    uv_run(&uv_loop, UV_RUN_DEFAULT); /* for ever, were it not called */
    host_join(poster);
    while (event_count(&post.ran) == 0) {
        uv_run(&uv_loop, UV_RUN_ONCE);
    }
    SL_CHECK_EQ(event_count(&timer.ran), 1u);
    SL_CHECK(work_ran_here(&post));
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

SL_TEST(closing_removes_our_handles_and_nothing_else) {
    uv_loop_t uv_loop;
    uv_ticker ticker = {.ticks = 0};
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    uv_ticker_start(&uv_loop, &ticker, 1, 1);
    sl_loop *loop = uv_lent(&uv_loop);
    SL_CHECK_EQ(uv_loop_close(&uv_loop), UV_EBUSY);
    SL_CHECK_OK(sl_loop_free(loop));
    while (ticker.ticks < 3) {
        uv_run(&uv_loop, UV_RUN_ONCE); /* the host's go on */
    }
    SL_CHECK_EQ(uv_loop_close(&uv_loop), UV_EBUSY);
    uv_ticker_close(&ticker);
    uv_end(&uv_loop);
}

static void burn(void *userdata) {
    uint64_t end = uv_hrtime() + HOST_MS;
    while (uv_hrtime() < end) {
    }
    ++*(unsigned *)userdata;
}

/* Burns 20 ms in turns of 2 ms, and counts how often the host had its turn meanwhile. */
typedef struct shared_time {
    uv_check_t check;
    unsigned ran;
    unsigned most;
    unsigned turns;
} shared_time;

static void see_turn(uv_check_t *check) {
    shared_time *time = check->data;
    static unsigned before;
    if (time->ran - before > time->most) {
        time->most = time->ran - before;
    }
    time->turns += time->ran != before;
    before = time->ran;
}

SL_TEST(work_is_done_in_turns_and_the_host_has_its_own_between_them) {
    uv_loop_t uv_loop;
    shared_time time = {.ran = 0};
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop_config config = uv_config(&uv_loop);
    config.uv_turn_us = 2000;
    sl_loop *loop = uv_made(&config);
    uv_check_init(&uv_loop, &time.check);
    time.check.data = &time;
    uv_check_start(&time.check, see_turn);
    for (int i = 0; i < 20; ++i) {
        SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, burn, &time.ran, NULL));
    }
    while (time.ran < 20) {
        uv_run(&uv_loop, UV_RUN_ONCE);
    }
    SL_CHECK(time.most <= 2); /* items of 1 ms in turns of 2 ms */
    SL_CHECK(time.turns >= 10);
    uv_close((uv_handle_t *)&time.check, NULL);
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

SL_TEST(it_keeps_uv_run_going_unless_it_is_not_to) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop_config config = uv_config(&uv_loop);
    sl_loop *loop = uv_made(&config);
    SL_CHECK(uv_loop_alive(&uv_loop));
    SL_CHECK_OK(sl_loop_free(loop));
    uv_run(&uv_loop, UV_RUN_DEFAULT);
    config.uv_flags = SL_UV_FLAG_UNREF;
    loop = uv_made(&config);
    SL_CHECK(!uv_loop_alive(&uv_loop));
    SL_CHECK_EQ(uv_run(&uv_loop, UV_RUN_DEFAULT), 0);
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

SL_TEST(the_owner_may_poll_and_wait_by_hand_too) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop *loop = uv_lent(&uv_loop);
    work post = WORK(loop);
    for (unsigned round = 1; round <= 50; ++round) {
        work_post(&post);
        SL_CHECK_EQ(host_poll(loop), 1u);
        SL_CHECK_OK(sl_loop_wake(loop));
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, NULL));
        work_post(&post);
        while (event_count(&post.ran) < 2 * round) {
            uv_run(&uv_loop, UV_RUN_ONCE);
        }
    }
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

/* Runs the host's loop inside of a callback of ours. */
static void run_uv_inside(void *userdata) {
    work *inner = userdata;
    work_post(inner);
    uv_run((uv_loop_t *)inner->more, UV_RUN_NOWAIT);
    SL_CHECK_EQ(event_count(&inner->ran), 0u); /* not inside of itself */
}

SL_TEST(a_call_that_comes_inside_of_a_callback_is_made_again) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop *loop = uv_lent(&uv_loop);
    work inner = WORK(loop);
    inner.more = &uv_loop;
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, run_uv_inside, &inner, NULL));
    SL_CHECK_EQ(host_poll(loop), 1u);
    while (event_count(&inner.ran) == 0) {
        uv_run(&uv_loop, UV_RUN_ONCE); /* for ever, were it lost */
    }
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

SL_TEST(a_loop_can_be_freed_from_the_hosts_callback) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    for (int i = 0; i < 100; ++i) {
        sl_loop *loop = uv_lent(&uv_loop);
        host_item item = {0};
        host_post(loop, SL_PRIORITY_NORMAL, &item);
        SL_CHECK_OK(sl_loop_free(loop)); /* with a call under way */
        SL_CHECK_EQ(item.drops, 1u);
    }
    uv_end(&uv_loop);
}

static void *wake_and_post(void *userdata) {
    sl_loop *loop = userdata;
    for (int i = 0; i < 20000; ++i) {
        sl_status status = sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL);
        if (status == SL_STATUS_STALE_HANDLE) {
            return NULL;
        }
        SL_CHECK_OK(status);
        sl_loop_wake(loop);
    }
    return NULL;
}

SL_TEST(threads_may_post_while_it_is_freed) {
    for (int round = 0; round < 50; ++round) {
        uv_loop_t uv_loop;
        pthread_t posters[2];
        SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
        sl_loop *loop = uv_lent(&uv_loop);
        for (int i = 0; i < 2; ++i) {
            posters[i] = host_thread(wake_and_post, loop);
        }
        for (int i = 0; i < round; ++i) {
            uv_run(&uv_loop, UV_RUN_NOWAIT);
        }
        SL_CHECK_OK(sl_loop_free(loop));
        for (int i = 0; i < 2; ++i) {
            host_join(posters[i]);
        }
        uv_end(&uv_loop);
    }
}

SL_TEST(a_driven_loop_calls_the_host_for_what_is_its_own) {
    uv_loop_t uv_loop;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop *loop = uv_lent(&uv_loop);
    work mine = WORK(loop), other = WORK(loop);
    drive(loop);
    work_post(&other);
    event_wait(&other.ran, 1);
    SL_CHECK(!work_ran_here(&other));
    work_post_main(&mine);
    while (event_count(&mine.ran) == 0) {
        uv_run(&uv_loop, UV_RUN_ONCE);
    }
    SL_CHECK(work_ran_here(&mine));
    SL_CHECK_OK(sl_loop_drive_stop(loop));
    SL_CHECK_OK(sl_loop_free(loop));
    uv_end(&uv_loop);
}

SL_TEST(a_config_that_mixes_libuvs_is_refused) {
    uv_loop_t uv_loop;
    sl_uv_api functions = *sl_uv_functions();
    sl_loop *loop = NULL;
    SL_CHECK_EQ(uv_loop_init(&uv_loop), 0);
    sl_loop_config config = uv_config(&uv_loop);
    config.uv = NULL;
    SL_CHECK_STATUS(sl_loop_new(&config, &loop), SL_STATUS_INVALID_ARGUMENT);
    config = uv_config(&uv_loop);
    config.backend = SL_BACKEND_DEFAULT;
    SL_CHECK_STATUS(sl_loop_new(&config, &loop), SL_STATUS_INVALID_ARGUMENT);
    config = uv_config(&uv_loop);
    functions.run = NULL;
    config.uv = &functions;
    SL_CHECK_STATUS(sl_loop_new(&config, &loop), SL_STATUS_INVALID_ARGUMENT);
    functions = *sl_uv_functions();
    functions.size -= sizeof(void *);
    SL_CHECK_STATUS(sl_loop_new(&config, &loop), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK(loop == NULL);
    uv_end(&uv_loop);
}
