/* Loop: whose it is, how it moves to another thread, and how run and stop meet. */
#include "sl_host.h"

static void *a_stranger(void *argument) {
    sl_loop *loop = (sl_loop *)argument;
    uint32_t dispatched = 77;
    int32_t fd = 77;
    uint64_t ns = 77;
    bool is_owner = true;
    sl_report report = {.size = sizeof report, .items = 77};
    SL_CHECK_STATUS(sl_loop_poll(loop, 0, &dispatched), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_run_once(loop, 0, &dispatched), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_step(loop, NULL, &report), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_run(loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_fd(loop, &fd), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_next_deadline(loop, &ns), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_detach_thread(loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_attach_thread(loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_OK(sl_loop_is_owner(loop, &is_owner));
    SL_CHECK(!is_owner);
    SL_CHECK_EQ(dispatched, 77u);
    SL_CHECK_EQ(report.items, 77);
    SL_CHECK_EQ(fd, 77);
    SL_CHECK_EQ(ns, 77);

    SL_CHECK_OK(sl_loop_wake(loop));
    SL_CHECK_OK(sl_loop_now(loop, &ns));
    SL_CHECK_EQ(ns, 0);
    SL_CHECK_OK(sl_loop_advance(loop, 5));
    SL_CHECK_EQ(host_stats(loop).polls, 0);
    return NULL;
}

SL_TEST(only_the_owner_polls_and_frees) {
    sl_loop *loop = host_virtual_loop();
    bool is_owner = false;
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    host_join(host_thread(a_stranger, loop));
    SL_CHECK_EQ(item.runs + item.drops, 0u);
    SL_CHECK_OK(sl_loop_is_owner(loop, &is_owner));
    SL_CHECK(is_owner);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_stats(loop).wakes, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct heir {
    sl_loop *loop;
    pthread_t name;
} heir;

static void *makes_a_loop_and_ends(void *argument) {
    heir *left = (heir *)argument;
    left->loop = host_loop();
    left->name = pthread_self();
    return NULL;
}

/* Gives NULL when it has the name of the thread that ended. */
static void *is_no_owner(void *argument) {
    const heir *left = (const heir *)argument;
    bool is_owner = true;
    SL_CHECK_OK(sl_loop_is_owner(left->loop, &is_owner));
    SL_CHECK(!is_owner);
    SL_CHECK_STATUS(sl_loop_poll(left->loop, 0, NULL), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_free(left->loop), SL_STATUS_WRONG_THREAD);
    return pthread_equal(pthread_self(), left->name) ? NULL : argument;
}

/* Mistake: to know the owner by its pthread_t, which the system gives to a later thread again. In a
 * child, since nobody can free the loop any more. */
SL_TEST(a_thread_with_the_name_of_an_owner_that_ended_is_not_the_owner) {
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        heir left = {.loop = NULL};
        void *other = &left;
        host_join(host_thread(makes_a_loop_and_ends, &left));
        for (int i = 0; i < 1000 && other != NULL; ++i) {
            SL_CHECK_EQ(pthread_join(host_thread(is_no_owner, &left), &other), 0);
        }
        SL_CHECK(other == NULL);
        _exit(0);
    }
    SL_CHECK_EQ(waitpid(child, &status, 0), child);
    SL_CHECK_EQ(status, 0);
}

static void *takes_and_gives_back(void *argument) {
    sl_loop *loop = (sl_loop *)argument;
    bool is_owner = false;
    SL_CHECK_STATUS(sl_loop_poll(loop, 0, NULL), SL_STATUS_WRONG_THREAD);
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    SL_CHECK_OK(sl_loop_is_owner(loop, &is_owner));
    SL_CHECK(is_owner);
    SL_CHECK_EQ(host_poll(loop), 3u);
    SL_CHECK_OK(sl_loop_detach_thread(loop));
    SL_CHECK_STATUS(sl_loop_detach_thread(loop), SL_STATUS_WRONG_THREAD);
    return NULL;
}

SL_TEST(a_loop_that_nobody_owns_keeps_its_work_until_a_thread_takes_it) {
    sl_loop *loop = host_virtual_loop();
    host_item items[3] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    SL_CHECK_OK(sl_loop_detach_thread(loop));
    host_post(loop, SL_PRIORITY_HIGH, &items[1]);
    host_timer(loop, 0, 0, &items[2]);
    SL_CHECK_OK(sl_loop_wake(loop));
    SL_CHECK_STATUS(sl_loop_poll(loop, 0, NULL), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_run_once(loop, 0, NULL), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_WRONG_THREAD);
    SL_CHECK_EQ(host_stats(loop).posts_pending, 2);

    host_join(host_thread(takes_and_gives_back, loop));
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_EQ(items[i].runs, 1u);
        SL_CHECK_EQ(items[i].drops, 1u);
    }
    SL_CHECK_STATUS(sl_loop_poll(loop, 0, NULL), SL_STATUS_WRONG_THREAD);
    SL_CHECK_OK(sl_loop_attach_thread(loop));
    SL_CHECK_EQ(host_stats(loop).wakes, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct race {
    sl_loop *loop;
    pthread_barrier_t start;
    atomic_uint winners;
} race;

static void *wants_it(void *argument) {
    race *shared = (race *)argument;
    pthread_barrier_wait(&shared->start);
    sl_status status = sl_loop_attach_thread(shared->loop);
    SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_WRONG_THREAD);
    if (status == SL_STATUS_OK) {
        atomic_fetch_add(&shared->winners, 1);
    }
    pthread_barrier_wait(&shared->start);
    if (status == SL_STATUS_OK) {
        SL_CHECK_EQ(host_poll(shared->loop), 1u);
        SL_CHECK_OK(sl_loop_detach_thread(shared->loop));
    }
    return NULL;
}

SL_TEST(one_of_many_threads_gets_the_loop) {
    race shared = {.loop = host_loop()};
    for (unsigned round = 0; round < 50; ++round) {
        host_item item = {.letter = 'a'};
        pthread_t threads[8];
        host_post(shared.loop, SL_PRIORITY_NORMAL, &item);
        SL_CHECK_OK(sl_loop_detach_thread(shared.loop));
        host_barrier(&shared.start, 8);
        for (int i = 0; i < 8; ++i) {
            threads[i] = host_thread(wants_it, &shared);
        }
        for (int i = 0; i < 8; ++i) {
            host_join(threads[i]);
        }
        SL_CHECK_EQ(atomic_load(&shared.winners), round + 1);
        SL_CHECK_EQ(item.runs, 1u);
        SL_CHECK_OK(sl_loop_attach_thread(shared.loop));
    }
    SL_CHECK_OK(sl_loop_free(shared.loop));
}

static void *stops(void *argument) {
    SL_CHECK_OK(sl_loop_stop((sl_loop *)argument));
    return NULL;
}

SL_TEST(run_ends_when_another_thread_stops_it) {
    sl_loop *loop = host_loop();
    for (int round = 0; round < 100; ++round) {
        host_item item = {.letter = 'a'};
        host_post(loop, SL_PRIORITY_NORMAL, &item);
        pthread_t thread = host_thread(stops, loop);
        SL_CHECK_OK(sl_loop_run(loop));
        SL_CHECK_EQ(item.runs, 1u);
        host_join(thread);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_stop_before_run_ends_it_after_what_is_ready) {
    sl_loop *loop = host_loop();
    host_item items[2] = {{.letter = 'a'}, {.letter = 'b'}};
    host_post(loop, SL_PRIORITY_NORMAL, &items[0]);
    SL_CHECK_OK(sl_loop_stop(loop));
    host_post(loop, SL_PRIORITY_LOW, &items[1]);
    SL_CHECK_OK(sl_loop_run(loop));
    SL_CHECK_EQ(items[0].runs + items[1].runs, 2u);
    SL_CHECK_EQ(host_stats(loop).parks, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_stop_before_run_is_kept_through_a_poll) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_stop(loop));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_run_once(loop, 0, NULL));
    SL_CHECK_OK(sl_loop_run(loop));
    SL_CHECK_EQ(host_stats(loop).parks, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void stops_after_three(host_item *item) {
    if (item->runs == 3) {
        SL_CHECK_OK(sl_loop_stop(item->loop));
    }
}

SL_TEST(a_callback_may_stop_the_run_it_is_in) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a', .loop = loop, .then = stops_after_three};
    host_timer(loop, 0, 1, &item);
    SL_CHECK_OK(sl_loop_run(loop));
    SL_CHECK_EQ(item.runs, 3u);
    SL_CHECK_EQ(host_stats(loop).timers_active, 1);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(item.drops, 1u);
}

static void stops_and_nests(host_item *item) {
    sl_step step = host_step();
    step.flags = SL_STEP_FLAG_NESTED;
    SL_CHECK_OK(sl_loop_stop(item->loop));
    SL_CHECK_OK(sl_loop_step(item->loop, &step, NULL));
}

SL_TEST(a_stop_is_not_lost_in_a_nested_step) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a', .loop = loop, .then = stops_and_nests};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_OK(sl_loop_run(loop));
    SL_CHECK_EQ(item.runs, 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *posts_once_it_is_awaited(void *argument) {
    host_item *item = (host_item *)argument;
    /* The owner sleeps, or is about to: either way the post must reach it. */
    while (host_stats(item->loop).parks == 0) {
        sched_yield();
    }
    SL_CHECK_OK(sl_loop_post(item->loop, item->takes_ns != 0 ? SL_PRIORITY_LOW : SL_PRIORITY_NORMAL,
                             host_nothing, NULL, NULL));
    return NULL;
}

SL_TEST(a_post_of_any_priority_ends_the_owners_sleep) {
    for (uint64_t low = 0; low < 2; ++low) {
        sl_loop *loop = host_loop();
        host_item item = {.letter = 'a', .loop = loop, .takes_ns = low};
        uint32_t dispatched = 0;
        pthread_t thread = host_thread(posts_once_it_is_awaited, &item);
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
        SL_CHECK_EQ(dispatched, 1u);
        host_join(thread);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

SL_TEST(a_wait_that_nothing_ends_comes_to_its_bound_asleep) {
    sl_loop *loop = host_loop();
    uint64_t before = 0;
    uint64_t after = 0;
    uint32_t dispatched = 77;
    SL_CHECK_OK(sl_loop_now(loop, &before));
    SL_CHECK_OK(sl_loop_run_once(loop, 20, &dispatched));
    SL_CHECK_OK(sl_loop_now(loop, &after));
    SL_CHECK_EQ(dispatched, 0u);
    SL_CHECK(after - before >= 20 * HOST_MS);
    SL_CHECK(host_stats(loop).parks >= 1);
    SL_CHECK_OK(sl_loop_free(loop));
}
