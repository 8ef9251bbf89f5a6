/* Action queue: order, bounds, drains, and what a push refuses. */
#include "sl_host.h"

static void refused(const sl_action_queue_config *config) {
    sl_action_queue *queue = (sl_action_queue *)&queue;
    SL_CHECK_STATUS(sl_action_queue_new(config, &queue), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(queue, (sl_action_queue *)&queue);
    SL_CHECK_EQ(sl_live_handles(), 0);
}

SL_TEST(a_config_that_is_not_allowed_makes_no_queue) {
    sl_action_queue_config config;
    memset(&config, 0xaa, sizeof config);
    SL_CHECK_STATUS(sl_action_queue_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_config_init(&config, 0), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_config_init(&config, 8), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(config.capacity, 0xaaaaaaaa);
    SL_CHECK_OK(sl_action_queue_config_init(&config, sizeof config));
    SL_CHECK_EQ(config.size, sizeof config);
    SL_CHECK_EQ(config.capacity, 1024u);
    SL_CHECK_EQ(config.when_full, SL_WHEN_FULL_REFUSE);
    SL_CHECK_EQ(config.reserved, 0u);

    const size_t sizes[] = {0, 8, sizeof config + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        config.size = sizes[i];
        refused(&config);
    }
    config.size = sizeof config;
    config.when_full = 3;
    refused(&config);
    config.when_full = SL_WHEN_FULL_DROP_OLDEST;
    config.reserved = 1;
    refused(&config);
    SL_CHECK_STATUS(sl_action_queue_new(NULL, NULL), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_push_that_is_not_allowed_is_refused) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action action = host_action(1);
    sl_script_result result = {.size = sizeof result};
    SL_CHECK_STATUS(sl_action_queue_push(NULL, &action), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_push(queue, NULL), SL_STATUS_NULL_ARGUMENT);
    action.message_len = 1;
    SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_NULL_ARGUMENT);
    action = host_action(1);
    action.kind = SL_ACTION_KIND_SCRIPT_RESULT;
    SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_INVALID_ARGUMENT);
    action.kind = SL_ACTION_KIND_SCRIPT_MESSAGE;
    SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_INVALID_ARGUMENT);
    action = host_action(1);
    action.result = &result;
    SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_INVALID_ARGUMENT);
    action = host_action(1);
    action.ticket = 1;
    SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_INVALID_ARGUMENT);
    const size_t sizes[] = {0, 8, sizeof action + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        action = host_action(1);
        action.size = sizes[i];
        SL_CHECK_STATUS(sl_action_queue_push(queue, &action), SL_STATUS_INVALID_ARGUMENT);
    }
    SL_CHECK_EQ(host_queue_stats(queue).accepted, 0);
    SL_CHECK_EQ(host_queue_stats(queue).refused, 0);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void pops(sl_action_queue *queue, sl_status expected) {
    sl_action action = {.size = sizeof action, .id = 77};
    SL_CHECK_STATUS(sl_action_queue_try_pop(queue, &action), expected);
    SL_CHECK_EQ(action.id, 77);
    SL_CHECK_EQ(action.ticket, 0);
}

SL_TEST(a_pop_that_gets_nothing_writes_nothing) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action action = {.size = sizeof action, .id = 77};
    pops(queue, SL_STATUS_EMPTY);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, 0, &action), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, 2, &action), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(sl_action_queue_try_pop(queue, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_pop(queue, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, 0, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_try_pop(NULL, &action), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_pop(NULL, &action), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(NULL, 0, &action), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(action.id, 77);

    SL_CHECK_OK(host_push(queue, 1));
    const size_t sizes[] = {0, 8, sizeof action - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        action.size = sizes[i];
        SL_CHECK_STATUS(sl_action_queue_try_pop(queue, &action), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_STATUS(sl_action_queue_pop(queue, &action), SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, 0, &action), SL_STATUS_INVALID_ARGUMENT);
    }
    SL_CHECK_EQ(host_pop(queue), 1);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

static void is_next(void *userdata, const sl_action *action) {
    SL_CHECK_EQ(action->id, ++*(uint64_t *)userdata);
    SL_CHECK_EQ(action->size, sizeof *action);
    SL_CHECK_EQ(action->ticket, 0);
}

SL_TEST(all_ways_to_take_share_one_order) {
    enum { ACTIONS = 5000 };
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    uint64_t seed = 3;
    uint64_t pushed = 0;
    uint64_t taken = 0;
    while (taken < ACTIONS) {
        sl_action action = {.size = sizeof action};
        for (uint64_t more = host_random(&seed) % 8; more > 0 && pushed < ACTIONS; --more) {
            SL_CHECK_OK(host_push(queue, ++pushed));
        }
        if (pushed == taken) {
            continue;
        }
        uint64_t way = host_random(&seed) % 4;
        if (way == 3) {
            sl_step budget = host_step();
            sl_report report = {.size = sizeof report};
            budget.max_items = 2;
            SL_CHECK_OK(sl_action_queue_drain(queue, &budget, is_next, &taken, &report));
            SL_CHECK_EQ(report.remaining, pushed - taken);
            continue;
        }
        SL_CHECK_OK(way == 0   ? sl_action_queue_try_pop(queue, &action)
                    : way == 1 ? sl_action_queue_pop(queue, &action)
                               : sl_action_queue_pop_timeout(queue, 1, &action));
        SL_CHECK_EQ(action.id, ++taken);
        SL_CHECK_OK(sl_action_free(&action));
        SL_CHECK_EQ(host_queue_stats(queue).pending, pushed - taken);
    }
    pops(queue, SL_STATUS_EMPTY);
    SL_CHECK_EQ(host_queue_stats(queue).delivered, (uint64_t)ACTIONS);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

SL_TEST(a_bound_refuses_exactly_at_its_number_and_counts) {
    const uint32_t capacities[] = {1, 2, 3, 1000, 1024, 1025, 2500};
    for (int i = 0; i < 7; ++i) {
        sl_action_queue *queue = host_queue(capacities[i], SL_WHEN_FULL_REFUSE, 0);
        for (uint64_t id = 0; id < capacities[i]; ++id) {
            SL_CHECK_OK(host_push(queue, id));
        }
        for (uint64_t id = 0; id < 5; ++id) {
            SL_CHECK_STATUS(host_push(queue, 77), SL_STATUS_FULL);
            SL_CHECK_EQ(host_pop(queue), id);
            SL_CHECK_OK(host_push(queue, id + capacities[i]));
        }
        sl_action_queue_stats stats = host_queue_stats(queue);
        SL_CHECK_EQ(stats.refused, 5);
        SL_CHECK_EQ(stats.pending, capacities[i]);
        SL_CHECK_EQ(stats.high_water, capacities[i]);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

SL_TEST(a_queue_that_drops_the_oldest_counts_what_it_dropped) {
    const uint32_t capacities[] = {1, 3, 1024, 1500};
    for (int i = 0; i < 4; ++i) {
        uint64_t capacity = capacities[i];
        sl_action_queue *queue = host_queue(capacities[i], SL_WHEN_FULL_DROP_OLDEST, 0);
        for (uint64_t id = 1; id <= capacity * 2 + 5; ++id) {
            SL_CHECK_OK(host_push(queue, id));
        }
        sl_action_queue_stats stats = host_queue_stats(queue);
        SL_CHECK_EQ(stats.accepted, capacity * 2 + 5);
        SL_CHECK_EQ(stats.dropped, capacity + 5);
        SL_CHECK_EQ(stats.pending, capacity);
        SL_CHECK_EQ(stats.refused, 0);
        for (uint64_t id = capacity + 6; id <= capacity * 2 + 5; ++id) {
            SL_CHECK_EQ(host_pop(queue), id);
        }
        pops(queue, SL_STATUS_EMPTY);
        SL_CHECK_OK(sl_action_queue_free(queue));
    }
}

SL_TEST(a_closed_queue_takes_nothing_and_gives_what_it_has) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action action = {.size = sizeof action, .id = 77};
    uint64_t taken = 1;
    SL_CHECK_OK(host_push(queue, 1));
    SL_CHECK_OK(host_push(queue, 2));
    SL_CHECK_OK(sl_action_queue_close(queue));
    SL_CHECK_OK(sl_action_queue_close(queue));
    SL_CHECK_STATUS(host_push(queue, 3), SL_STATUS_CLOSED);
    SL_CHECK_EQ(host_pop(queue), 1);
    SL_CHECK_OK(sl_action_queue_drain(queue, NULL, is_next, &taken, NULL));
    SL_CHECK_EQ(taken, 2);
    pops(queue, SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_action_queue_pop(queue, &action), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, UINT32_MAX, &action), SL_STATUS_CLOSED);
    SL_CHECK_OK(sl_action_queue_drain(queue, NULL, is_next, &taken, NULL));
    SL_CHECK_EQ(action.id, 77);
    SL_CHECK_EQ(host_queue_stats(queue).refused, 0);
    SL_CHECK_OK(sl_action_queue_free(queue));
}

/* Mistake: a message that is used after it was freed. */
SL_TEST(free_ends_the_queue_once_and_leaves_what_was_popped) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action pushed = host_action(1);
    sl_action action = {.size = sizeof action};
    pushed.message = "kept";
    pushed.message_len = 4;
    for (int i = 0; i < 3000; ++i) {
        SL_CHECK_OK(sl_action_queue_push(queue, &pushed));
    }
    SL_CHECK_OK(sl_action_queue_try_pop(queue, &action));
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_STR_EQ(action.message, "kept");
    SL_CHECK_OK(sl_action_free(&action));
    SL_CHECK_STATUS(sl_action_queue_free(queue), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(host_push(queue, 1), SL_STATUS_STALE_HANDLE);
    pops(queue, SL_STATUS_STALE_HANDLE);
    SL_CHECK_OK(sl_action_queue_free(NULL));
}

SL_TEST(statistics_are_filled_as_far_as_their_size_goes) {
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action_queue_stats stats;
    SL_CHECK_OK(host_push(queue, 1));
    memset(&stats, 0xaa, sizeof stats);
    stats.size = offsetof(sl_action_queue_stats, delivered);
    SL_CHECK_OK(sl_action_queue_read_stats(queue, &stats));
    SL_CHECK_EQ(stats.accepted, 1);
    SL_CHECK_EQ(stats.delivered, UINT64_C(0xaaaaaaaaaaaaaaaa));
    stats.size = 8;
    SL_CHECK_STATUS(sl_action_queue_read_stats(queue, &stats), SL_STATUS_INVALID_ARGUMENT);
    stats.size = 0;
    SL_CHECK_STATUS(sl_action_queue_read_stats(queue, &stats), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_action_queue_read_stats(queue, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_action_queue_free(queue));
}
