/*
 * Memory runs out in a call whose size the host has chosen: SL_STATUS_NO_MEMORY, and everything is
 * as before. This program has a malloc of its own, which refuses a thread its large blocks: the
 * first of a call, then all from the second one on, and so on until the call needs no more.
 */
#include "script_test.h"

#include <errno.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

enum { LARGE = 1 << 16, MANY = 1 << 16, MIB = 1 << 20 };

static _Thread_local bool refuses;
static _Thread_local unsigned large_allowed;
static _Thread_local unsigned refused;

static bool may_have(size_t size) {
    if (!refuses || size < LARGE) {
        return true;
    }
    if (large_allowed > 0) {
        --large_allowed;
        return true;
    }
    ++refused;
    errno = ENOMEM;
    return false;
}

void *malloc(size_t size) {
    return may_have(size) ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size) {
    return may_have(count * size) ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *block, size_t size) {
    return may_have(size) ? __libc_realloc(block, size) : NULL;
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    *out = may_have(size) ? __libc_memalign(alignment, size) : NULL;
    return *out != NULL ? 0 : ENOMEM;
}

/* Refuses large blocks to the calling thread, after it has got so many. */
static void refuse_after(unsigned allowed) {
    large_allowed = allowed;
    refused = 0;
    refuses = true;
}

/* Makes the call, with fewer refusals each time, until there was none. Then it has succeeded, and
 * each time before there was no memory and `unchanged` holds. */
static void run_short(sl_status (*call)(void *), void (*unchanged)(void *), void *argument) {
    for (unsigned allowed = 0;; ++allowed) {
        refuse_after(allowed);
        sl_status status = call(argument);
        refuses = false;
        if (refused == 0) {
            SL_CHECK_OK(status);
            SL_CHECK(allowed > 0);
            return;
        }
        SL_CHECK_STATUS(status, SL_STATUS_NO_MEMORY);
        unchanged(argument);
    }
}

static void is_not_made(void *out) {
    SL_CHECK(*(void **)out == NULL);
    SL_CHECK_EQ(sl_live_handles(), 0);
}

static sl_status makes_a_loop(void *out) {
    sl_loop_config config;
    SL_CHECK_OK(sl_loop_config_init(&config, sizeof config));
    config.post_capacity = MANY;
    return sl_loop_new(&config, (sl_loop **)out);
}

SL_TEST(a_loop_is_made_with_all_its_memory_or_not_at_all) {
    sl_loop *loop = NULL;
    run_short(makes_a_loop, is_not_made, &loop);
    SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
    SL_CHECK_OK(sl_loop_free(loop));
}

static sl_status makes_a_queue(void *out) {
    sl_action_queue_config config;
    SL_CHECK_OK(sl_action_queue_config_init(&config, sizeof config));
    config.capacity = MANY;
    return sl_action_queue_new(&config, (sl_action_queue **)out);
}

SL_TEST(an_action_queue_is_made_with_all_its_memory_or_not_at_all) {
    sl_action_queue *queue = NULL;
    run_short(makes_a_queue, is_not_made, &queue);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static unsigned states_alive;

static int32_t makes_a_state(void *userdata, void **out_state) {
    *out_state = userdata;
    ++states_alive;
    return SL_STATUS_OK;
}

static void destroys_a_state(void *userdata, void *state) {
    SL_CHECK_EQ(state, userdata);
    --states_alive;
}

static void drops_the_userdata(void *userdata) {
    SL_CHECK(*(bool *)userdata);
    *(bool *)userdata = false;
}

static bool lent_to_the_pool;

static sl_status makes_a_pool(void *out) {
    lent_to_the_pool = true;
    return sl_state_pool_new(MANY, makes_a_state, destroys_a_state, &lent_to_the_pool,
                             drops_the_userdata, (sl_state_pool **)out);
}

static void is_not_made_and_took_nothing(void *out) {
    is_not_made(out);
    SL_CHECK_EQ(states_alive, 0u);
    SL_CHECK(lent_to_the_pool);
}

SL_TEST(a_pool_is_made_with_all_its_memory_or_not_at_all) {
    sl_state_pool *pool = NULL;
    run_short(makes_a_pool, is_not_made_and_took_nothing, &pool);
    SL_CHECK_EQ(states_alive, (unsigned)MANY);
    SL_CHECK_OK(sl_state_pool_free(pool));
    SL_CHECK_EQ(states_alive, 0u);
    SL_CHECK(!lent_to_the_pool);
}

static char large[MIB];

static sl_status pushes_a_message(void *queue) {
    sl_action action = {.size = sizeof action, .kind = 1};
    action.message = large;
    action.message_len = sizeof large;
    return sl_action_queue_push((sl_action_queue *)queue, &action);
}

static void is_empty(void *queue) {
    sl_action_queue_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_action_queue_read_stats((sl_action_queue *)queue, &stats));
    SL_CHECK_EQ(stats.accepted + stats.refused, 0);
}

SL_TEST(a_message_is_copied_or_refused) {
    sl_action_queue *queue = NULL;
    sl_action action = {.size = sizeof action};
    SL_CHECK_OK(sl_action_queue_new(NULL, &queue));
    run_short(pushes_a_message, is_empty, queue);
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
    SL_CHECK_EQ(action.message_len, sizeof large);
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_OK(sl_action_queue_free(queue));
}

typedef struct order {
    host host;
    sl_script_job job;
} order;

static sl_status enqueues(void *argument) {
    order *order = argument;
    return sl_script_runner_enqueue(order->host.runner, &order->job, NULL);
}

static void has_no_job(void *argument) {
    order *order = argument;
    SL_CHECK_EQ(stats_of(&order->host).accepted, 0);
    SL_CHECK_EQ(stats_of(&order->host).refused, 0);
}

/* Enqueues a job that gives `expected`, at last. */
static void run_order(const char *source, size_t len, const sl_value *args, size_t args_len,
                      const char *expected) {
    order order = {.host = host_of(1, 1), .job = job_of_bytes(source, len)};
    order.job.args = args;
    order.job.args_len = args_len;
    run_short(enqueues, has_no_job, &order);
    sl_action action = next_action(&order.host);
    SL_CHECK_STR_EQ(action.result->error, NULL);
    SL_CHECK_STR_EQ(action.result->text, expected);
    SL_CHECK_OK(sl_action_free(&action));
    host_free(&order.host);
}

SL_TEST(a_source_is_copied_or_refused) {
    memset(large, ' ', sizeof large);
    memcpy(large, "return 7", 8);
    run_order(large, sizeof large, NULL, 0, "7");
}

SL_TEST(bytes_are_copied_or_refused) {
    sl_value text = bytes_value(large, sizeof large);
    run_order("return #...", 11, &text, 1, "1048576");
}

SL_TEST(a_long_list_is_copied_or_refused) {
    static sl_value items[MANY];
    for (int at = 0; at < MANY; ++at) {
        items[at] = integer_value(at);
    }
    sl_value list = array_value(items, MANY);
    run_order("return #...", 11, &list, 1, "65536");
}

SL_TEST(many_arguments_are_copied_or_refused) {
    static sl_value items[MANY];
    for (int at = 0; at < MANY; ++at) {
        items[at] = integer_value(at);
    }
    run_order("return select('#', ...)", 23, items, MANY, "65536");
}

typedef struct native {
    host host;
    sl_jobs *jobs;
    sl_job_request request;
    unsigned drops;
} native;

static void counts_the_drop(void *userdata) {
    ++*(unsigned *)userdata;
}

static sl_status submits(void *argument) {
    native *native = argument;
    return sl_jobs_submit(native->jobs, &native->request, NULL);
}

static void has_taken_nothing(void *argument) {
    native *native = argument;
    sl_jobs_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_jobs_read_stats(native->jobs, &stats));
    SL_CHECK_EQ(stats.accepted + stats.refused, 0);
    SL_CHECK_EQ(native->drops, 0);
}

SL_TEST(the_payload_of_a_native_job_is_copied_or_refused) {
    native native = {.host = host_of(1, 1)};
    sl_native_payload payload = {.userdata = &native.drops, .drop = counts_the_drop};
    SL_CHECK_OK(sl_jobs_new(native.host.runner, NULL, NULL, &native.jobs));
    SL_CHECK_OK(sl_jobs_register_builtins(native.jobs));
    SL_CHECK_OK(sl_job_request_init(&native.request, sizeof native.request));
    native.request.kind = "echo";
    native.request.kind_len = 4;
    native.request.payload = large;
    native.request.payload_len = sizeof large;
    native.request.native = &payload;
    run_short(submits, has_taken_nothing, &native);
    SL_CHECK_OK(sl_jobs_free(native.jobs));
    SL_CHECK_EQ(native.drops, 1);
    host_free(&native.host);
}
