/* Fork inside of a callback: the child may end or become another program there. One that returns
 * into the library is brought back to its caller. */
#include "child_test.h"
#include "sl_host.h"

static pid_t last_child;
static bool in_child;

/* The child goes on, and its caller finds out by `in_child`. */
static void forks_and_returns(void *userdata) {
    (void)userdata;
    last_child = child_begin();
    in_child = last_child == 0;
}

static void forks_and_ends(void *userdata) {
    sl_loop *loop = (sl_loop *)userdata;
    last_child = child_begin();
    if (last_child == 0) {
        SL_CHECK_EQ(sl_live_handles(), 0);
        SL_CHECK_STATUS(sl_loop_wake(loop), SL_STATUS_STALE_HANDLE);
        SL_CHECK_STATUS(sl_loop_stop(loop), SL_STATUS_STALE_HANDLE);
        sl_loop *own = host_loop();
        SL_CHECK_EQ(host_poll(own), 0u);
        SL_CHECK_OK(sl_loop_free(own));
        child_done();
    }
}

static void child_is_done(void) {
    if (in_child) {
        SL_CHECK_EQ(sl_live_handles(), 0);
        sl_loop *own = host_loop();
        SL_CHECK_EQ(host_poll(own), 0u);
        SL_CHECK_OK(sl_loop_free(own));
        child_done();
    }
    SL_CHECK_EQ(child_code(last_child), CHILD_DONE);
}

SL_TEST(a_child_of_a_callback_may_end_there) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, forks_and_ends, loop, NULL));
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_LOW, host_nothing, NULL, NULL));
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_EQ(child_code(last_child), CHILD_DONE);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_child_of_a_callback_may_become_another_program) {
    char *const again[] = {"test_fork_callback", "a_child_of_a_callback_may_end_there", NULL};
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, forks_and_returns, NULL, NULL));
    SL_CHECK_EQ(host_poll(loop), 1u);
    if (in_child) {
        execv("/proc/self/exe", again);
        _exit(1);
    }
    SL_CHECK_EQ(child_code(last_child), 0);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_poll_returns_in_the_child_of_its_callback) {
    sl_loop *loop = host_loop();
    host_item after = {.letter = 'b'};
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, forks_and_returns, NULL, NULL));
    host_post(loop, SL_PRIORITY_NORMAL, &after);
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_EQ(after.runs, 1u);
    if (in_child) {
        SL_CHECK_STATUS(sl_loop_poll(loop, 0, NULL), SL_STATUS_STALE_HANDLE);
        SL_CHECK_STATUS(sl_loop_free(loop), SL_STATUS_STALE_HANDLE);
    }
    child_is_done();
    SL_CHECK_OK(sl_loop_free(loop));
}

static void stops(host_item *item) {
    SL_CHECK_OK(sl_loop_stop(item->loop));
}

/* Nobody could ever stop it there. */
SL_TEST(a_run_ends_in_the_child_of_its_callback) {
    sl_loop *loop = host_loop();
    host_item stop = {.letter = 's', .loop = loop, .then = stops};
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, forks_and_returns, NULL, NULL));
    host_timer(loop, 5, 0, &stop);
    sl_status status = sl_loop_run(loop);
    SL_CHECK_STATUS(status, in_child ? SL_STATUS_WRONG_THREAD : SL_STATUS_OK);
    child_is_done();
    SL_CHECK_OK(sl_loop_free(loop));
}

static void handles(void *userdata, const sl_action *action) {
    SL_CHECK_EQ(action->kind, 1u);
    forks_and_returns(userdata);
}

SL_TEST(a_drain_returns_in_the_child_of_its_callback) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_OK(sl_action_queue_drain(queue, NULL, handles, NULL, NULL));
    if (in_child) {
        SL_CHECK_STATUS(host_push(queue, 2), SL_STATUS_STALE_HANDLE);
    }
    child_is_done();
    SL_CHECK_OK(sl_action_queue_free(queue));
}

/* It is freed while the process forks: the parent ends that, the child cannot. */
SL_TEST(a_free_is_too_late_in_the_child_of_its_drop) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, SL_PRIORITY_NORMAL, host_never, NULL, forks_and_returns));
    sl_status status = sl_loop_free(loop);
    SL_CHECK_STATUS(status, in_child ? SL_STATUS_STALE_HANDLE : SL_STATUS_OK);
    child_is_done();
}

static sl_status creates(void *userdata, void **out_state) {
    forks_and_returns(userdata);
    *out_state = &last_child;
    return SL_STATUS_OK;
}

static void destroys(void *userdata, void *state) {
    (void)userdata;
    SL_CHECK_EQ(state, &last_child);
}

/* What is made when the callback has returned is the process's in which it returned. */
SL_TEST(a_pool_is_made_in_both_when_its_callback_forks) {
    sl_state_pool *pool = NULL;
    void *state = NULL;
    SL_CHECK_OK(sl_state_pool_new(1, creates, destroys, NULL, NULL, &pool));
    SL_CHECK_EQ(sl_live_handles(), 1);
    SL_CHECK_OK(sl_state_pool_acquire(pool, &state));
    SL_CHECK_OK(sl_state_pool_release(pool, state));
    SL_CHECK_OK(sl_state_pool_free(pool));
    child_is_done();
}

static sl_status fails_to_create(void *userdata, void **out_state) {
    (void)out_state;
    forks_and_returns(userdata);
    return SL_STATUS_FULL;
}

SL_TEST(a_pool_that_cannot_be_made_leaves_nothing_in_the_child) {
    sl_state_pool *pool = NULL;
    sl_status status = sl_state_pool_new(1, fails_to_create, destroys, NULL, NULL, &pool);
    SL_CHECK_STATUS(status, SL_STATUS_FULL);
    child_is_done();
}
