/* Wake hook: how a host that waits for events and not for descriptors is called. */
#include "sl_host.h"

/* What a hook of the host's knows. */
typedef struct bell {
    sl_loop *loop;
    atomic_uint rings;
    atomic_uint drops;
    pthread_t rung_by;
    sl_status (*then)(sl_loop *loop); /* what it does besides */
} bell;

static void on_ring(void *userdata) {
    bell *bell = userdata;
    atomic_fetch_add(&bell->rings, 1);
    bell->rung_by = pthread_self();
    if (bell->then != NULL) {
        SL_CHECK_OK(bell->then(bell->loop));
    }
}

static void on_drop(void *userdata) {
    atomic_fetch_add(&((bell *)userdata)->drops, 1);
}

static void hang_up(bell *bell, sl_loop *loop) {
    bell->loop = loop;
    SL_CHECK_OK(sl_loop_set_wake_hook(loop, on_ring, bell, on_drop));
}

#define CHECK_RINGS(bell, expected)                                                                \
    SL_CHECK_EQ(atomic_exchange(&(bell).rings, 0), (unsigned)(expected))

SL_TEST(it_is_called_once_until_the_next_poll) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    hang_up(&bell, loop);
    CHECK_RINGS(bell, 0);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) {
            SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
            SL_CHECK_OK(sl_loop_wake(loop));
        }
        CHECK_RINGS(bell, 1);
        SL_CHECK_EQ(host_poll(loop), 10u);
        CHECK_RINGS(bell, 0);
    }
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&bell.drops), 1u);
}

SL_TEST(every_cause_rings) {
    sl_loop *loop = host_virtual_loop();
    bell bell = {0};
    hang_up(&bell, loop);
    SL_CHECK_OK(sl_loop_wake(loop));
    CHECK_RINGS(bell, 1);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_LOW, host_nothing, NULL, NULL));
    CHECK_RINGS(bell, 1);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 5, 0, host_nothing, NULL, NULL, NULL));
    CHECK_RINGS(bell, 1); /* the host must not sleep longer than that */
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_EQ(host_next_deadline(loop), 5 * HOST_MS);
    SL_CHECK_OK(sl_loop_schedule_timer(loop, 9, 0, host_nothing, NULL, NULL, NULL));
    CHECK_RINGS(bell, 0); /* later than what it waits for */
    SL_CHECK_OK(sl_loop_advance(loop, 9 * HOST_MS));
    CHECK_RINGS(bell, 1);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_poll_that_leaves_something_rings_at_its_end) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    uint32_t dispatched = 0;
    hang_up(&bell, loop);
    for (int i = 0; i < 3; ++i) {
        SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    }
    CHECK_RINGS(bell, 1);
    for (unsigned left = 2; left > 0; --left) {
        SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched));
        SL_CHECK_EQ(dispatched, 1u);
        CHECK_RINGS(bell, 1);
    }
    SL_CHECK_EQ(host_poll(loop), 1u);
    CHECK_RINGS(bell, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_was_there_before_rings_at_once) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    hang_up(&bell, loop);
    CHECK_RINGS(bell, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

static sl_status wake_and_look(sl_loop *loop) {
    uint64_t ns = 0;
    SL_CHECK_OK(sl_loop_now(loop, &ns));
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_IDLE, host_nothing, NULL, NULL));
    return sl_loop_wake(loop);
}

SL_TEST(it_may_post_and_wake_and_is_not_called_for_that) {
    sl_loop *loop = host_loop();
    bell bell = {.then = wake_and_look};
    uint32_t dispatched = 0;
    hang_up(&bell, loop);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    CHECK_RINGS(bell, 1);
    SL_CHECK_OK(sl_loop_poll(loop, 0, &dispatched)); /* leaves one: it is called in the poll */
    SL_CHECK_EQ(dispatched, 1u);
    CHECK_RINGS(bell, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *post_one(void *loop) {
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    return NULL;
}

SL_TEST(it_is_called_on_the_thread_that_posts) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    hang_up(&bell, loop);
    pthread_t poster = host_thread(post_one, loop);
    host_join(poster);
    CHECK_RINGS(bell, 1);
    SL_CHECK(pthread_equal(bell.rung_by, poster));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(another_hook_takes_its_place_and_null_takes_it_away) {
    sl_loop *loop = host_loop();
    bell first = {0}, second = {0};
    hang_up(&first, loop);
    hang_up(&second, loop);
    SL_CHECK_EQ(atomic_load(&first.drops), 1u);
    SL_CHECK_OK(sl_loop_wake(loop));
    CHECK_RINGS(first, 0);
    CHECK_RINGS(second, 1);
    SL_CHECK_OK(sl_loop_set_wake_hook(loop, NULL, NULL, NULL));
    SL_CHECK_EQ(atomic_load(&second.drops), 1u);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_wake(loop));
    CHECK_RINGS(second, 0);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(atomic_load(&second.drops), 1u);
}

static void *set_a_hook(void *userdata) {
    SL_CHECK_STATUS(sl_loop_set_wake_hook(userdata, host_nothing, NULL, host_never),
                    SL_STATUS_WRONG_THREAD);
    return NULL;
}

SL_TEST(only_the_owner_sets_it) {
    sl_loop *loop = host_loop();
    host_join(host_thread(set_a_hook, loop));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(it_and_the_descriptor_ring_together) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    sl_step step = host_step();
    int32_t fd = -1;
    hang_up(&bell, loop);
    SL_CHECK_OK(sl_loop_fd(loop, &fd));
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, NULL));
    CHECK_RINGS(bell, 1);
    SL_CHECK_EQ(host_report(loop, &step).posts, 1u);
    CHECK_RINGS(bell, 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

/* As a modal dialog does: it waits elsewhere, inside of a callback. */
static void open_dialog(void *userdata) {
    bell *bell = userdata;
    sl_step step = host_step();
    step.flags = SL_STEP_FLAG_NESTED;
    CHECK_RINGS(*bell, 1); /* for the post that runs this */
    SL_CHECK_EQ(host_report(bell->loop, &step).items, 0u);
    host_join(host_thread(post_one, bell->loop));
    CHECK_RINGS(*bell, 1);
    SL_CHECK_EQ(host_report(bell->loop, &step).posts, 1u);
}

SL_TEST(a_callback_that_steps_and_waits_elsewhere_is_called_too) {
    sl_loop *loop = host_loop();
    bell bell = {0};
    hang_up(&bell, loop);
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, open_dialog, &bell, NULL));
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_OK(sl_loop_free(loop));
}
