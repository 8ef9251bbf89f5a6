/* Callbacks by number: numbers, payloads, threads, the end, and what is dropped when. */
#include "callbacks_test.h"

SL_TEST(new_then_free) {
    party party = party_new();
    sl_callbacks_stats stats = stats_of(&party);
    SL_CHECK_EQ(stats.registered + stats.accepted + stats.refused + stats.high_water, 0);
    SL_CHECK_EQ(dispatch(&party, 0), 0);
    party_free(&party);
    SL_CHECK_OK(sl_callbacks_free(NULL));
}

SL_TEST(what_is_not_allowed_is_refused_and_changes_nothing) {
    party party = party_new();
    sl_callbacks *made = (sl_callbacks *)&party;
    sl_callbacks_config config;
    memset(&config, 0xaa, sizeof config);
    SL_CHECK_STATUS(sl_callbacks_config_init(NULL, sizeof config), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_config_init(&config, sizeof(size_t)), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(config.capacity, 0xaaaaaaaau);
    SL_CHECK_OK(sl_callbacks_config_init(&config, sizeof config));
    SL_CHECK_EQ(config.size, sizeof config);
    SL_CHECK_EQ(config.capacity + config.reserved, 0u);
    config.reserved = 1;
    SL_CHECK_STATUS(sl_callbacks_new(party.loop, &config, &made), SL_STATUS_INVALID_ARGUMENT);
    config.reserved = 0;
    config.size = sizeof config + 1;
    SL_CHECK_STATUS(sl_callbacks_new(party.loop, &config, &made), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_new(party.loop, NULL, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_new(NULL, NULL, &made), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK(made == (sl_callbacks *)&party);

    guest guest = {0};
    sl_callback_id id = 77;
    SL_CHECK_STATUS(sl_callbacks_register(party.callbacks, NULL, &guest, guest_drop, 0, &id),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_register(party.callbacks, guest_call, &guest, guest_drop, 2, &id),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_register(party.callbacks, guest_call, &guest, guest_drop, 0, NULL),
                    SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_callbacks_enqueue(party.callbacks, 1, NULL, &guest, guest_drop),
                    SL_STATUS_NULL_ARGUMENT);
    sl_value wrong = {.kind = 99};
    SL_CHECK_STATUS(sl_callbacks_enqueue_value(party.callbacks, 1, &wrong),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_callback_call_fail(NULL, "x", 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(id, 77);
    SL_CHECK_EQ(guest.drops, 0u);
    SL_CHECK_EQ(stats_of(&party).registered + stats_of(&party).accepted, 0);
    party_free(&party);
}

/* [21] */
SL_TEST(numbers_begin_at_1_and_are_never_used_again) {
    party party = party_new();
    guest guests[6] = {{0}};
    for (sl_callback_id id = 1; id <= 6; id++) {
        SL_CHECK_EQ(invite(&party, &guests[id - 1], 'a'), id);
        if (id % 2 == 0) {
            SL_CHECK_OK(sl_callbacks_unregister(party.callbacks, id));
            SL_CHECK_EQ(guests[id - 1].drops, 1u);
        }
    }
    SL_CHECK_EQ(stats_of(&party).registered, 3);
    party_free(&party);
    for (int at = 0; at < 6; at++) {
        SL_CHECK_EQ(guests[at].drops, 1u);
    }
}

/* [21] */
SL_TEST(unregister_says_whether_it_existed) {
    party party = party_new();
    guest guest = {0};
    invite(&party, &guest, 'a');
    SL_CHECK_STATUS(sl_callbacks_unregister(party.callbacks, 0), SL_STATUS_NOT_FOUND);
    SL_CHECK_STATUS(sl_callbacks_unregister(party.callbacks, 2), SL_STATUS_NOT_FOUND);
    SL_CHECK_OK(sl_callbacks_unregister(party.callbacks, 1));
    SL_CHECK_STATUS(sl_callbacks_unregister(party.callbacks, 1), SL_STATUS_NOT_FOUND);
    party_free(&party);
}

/* [21] */
SL_TEST(a_function_of_once_is_called_once_and_gone) {
    party party = party_new();
    guest guest = {0};
    sl_callback_id id = invite_with(&party, &guest, 'a', SL_CALLBACK_FLAG_ONCE);
    enqueue(&party, id);
    enqueue(&party, id);
    SL_CHECK_EQ(dispatch(&party, 0), 1);
    SL_CHECK_EQ(guest.calls, 1u);
    SL_CHECK_EQ(guest.drops, 1u);
    SL_CHECK_EQ(stats_of(&party).unknown, 1);
    SL_CHECK_EQ(stats_of(&party).registered, 0);
    SL_CHECK_STATUS(sl_callbacks_unregister(party.callbacks, id), SL_STATUS_NOT_FOUND);
    party_free(&party);
}

static void check_value(guest *guest, const sl_callback_call *call) {
    SL_CHECK(call->build == NULL);
    const sl_value *value = call->value;
    switch (guest->calls) {
    case 1:
        SL_CHECK_EQ(value->kind, SL_VALUE_KIND_NIL);
        break;
    case 2:
        SL_CHECK_EQ(value->kind, SL_VALUE_KIND_INTEGER);
        SL_CHECK_EQ(value->as.integer, INT64_MIN);
        break;
    default:
        SL_CHECK_EQ(value->kind, SL_VALUE_KIND_BYTES);
        SL_CHECK_EQ(value->as.bytes.len, 3);
        SL_CHECK_EQ(memcmp(value->as.bytes.data, "a\0b", 4), 0);
    }
}

/* [24] */
SL_TEST(a_value_is_copied_when_it_is_enqueued) {
    party party = party_new();
    guest guest = {.then = check_value};
    sl_callback_id id = invite(&party, &guest, 'a');
    enqueue(&party, id);
    sl_value value = {.kind = SL_VALUE_KIND_INTEGER, .as.integer = INT64_MIN};
    SL_CHECK_OK(sl_callbacks_enqueue_value(party.callbacks, id, &value));
    char text[] = "a\0b";
    value = (sl_value){.kind = SL_VALUE_KIND_BYTES, .as.bytes = {text, 3}};
    SL_CHECK_OK(sl_callbacks_enqueue_value(party.callbacks, id, &value));
    memset(text, 'x', sizeof text);
    SL_CHECK_EQ(dispatch(&party, 0), 3);
    party_free(&party);
}

static void unwrap(guest *guest, const sl_callback_call *call) {
    SL_CHECK(call->value == NULL);
    sl_status status = call->build(call->build_userdata, guest);
    if (status != SL_STATUS_OK) {
        SL_CHECK_OK(sl_callback_call_fail(call, "no gift", 7));
    }
}

/* [24] */
SL_TEST(a_builder_runs_in_the_dispatch_and_its_drop_once_on_every_path) {
    party party = party_new();
    guest glad = {.then = unwrap}, ignores = {0};
    gift gifts[6] = {{0}};
    sl_callback_id one = invite(&party, &glad, 'a'), two = invite(&party, &ignores, 'b');
    gifts[1].status = SL_STATUS_SYSTEM;
    give(&party, one, &gifts[0]); /* is built */
    give(&party, one, &gifts[1]); /* cannot be built */
    give(&party, two, &gifts[2]); /* nobody builds it */
    give(&party, 99, &gifts[3]);  /* nobody gets it */
    SL_CHECK_EQ(gifts[0].builds, 0u);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_EQ(dispatch(&party, 0), 3);
    SL_CHECK(gifts[0].target == &glad);
    const unsigned builds[] = {1, 1, 0, 0, 0, 0};
    give(&party, one, &gifts[4]); /* is there at the end */
    SL_CHECK_EQ(stats_of(&party).failed, 1);
    SL_CHECK_OK(sl_callbacks_close(party.callbacks));
    SL_CHECK_STATUS(sl_callbacks_enqueue(party.callbacks, one, gift_build, &gifts[5], gift_drop),
                    SL_STATUS_CLOSED);
    for (int at = 0; at < 6; at++) {
        SL_CHECK_EQ(gifts[at].builds, builds[at]);
        SL_CHECK_EQ(gifts[at].drops, at < 5 ? 1u : 0u); /* what was refused was not taken */
    }
    party_free(&party);
}

/* [24] */
SL_TEST(every_enqueue_wakes_the_loop) {
    party party = {.loop = host_loop()};
    SL_CHECK_OK(sl_callbacks_new(party.loop, NULL, &party.callbacks));
    for (unsigned round = 1; round <= 3; round++) {
        enqueue(&party, 1);
        /* It would wait for ever. */
        SL_CHECK_OK(sl_loop_run_once(party.loop, UINT32_MAX, NULL));
        SL_CHECK_EQ(host_stats(party.loop).wakes, round);
    }
    SL_CHECK_EQ(stats_of(&party).pending, 3); /* a poll calls nothing */
    party_free(&party);
}

/* [51] */
SL_TEST(close_drops_all_may_be_repeated_and_refuses_from_then_on) {
    party party = party_new();
    guest guests[3] = {{0}};
    gift gifts[100] = {{0}};
    for (int at = 0; at < 3; at++) {
        invite(&party, &guests[at], 'a');
    }
    for (int at = 0; at < 100; at++) {
        give(&party, 1 + (sl_callback_id)at % 4, &gifts[at]);
    }
    SL_CHECK_OK(sl_callbacks_close(party.callbacks));
    SL_CHECK_OK(sl_callbacks_close(party.callbacks));
    for (int at = 0; at < 100; at++) {
        SL_CHECK_EQ(gifts[at].drops, 1u);
        SL_CHECK_EQ(gifts[at].builds, 0u);
    }
    for (int at = 0; at < 3; at++) {
        SL_CHECK_EQ(guests[at].drops, 1u);
    }
    SL_CHECK_EQ(stats_of(&party).dropped, 100);
    SL_CHECK_EQ(stats_of(&party).registered, 0);
    guest late = {0};
    sl_callback_id id = 77;
    SL_CHECK_STATUS(sl_callbacks_register(party.callbacks, guest_call, &late, guest_drop, 0, &id),
                    SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_callbacks_enqueue_value(party.callbacks, 1, NULL), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_callbacks_dispatch(party.callbacks, 0, &id), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_callbacks_unregister(party.callbacks, 1), SL_STATUS_NOT_FOUND);
    SL_CHECK_EQ(id, 77);
    SL_CHECK_EQ(late.drops, 0u);
    party_free(&party);
}

static void close_all(guest *guest, const sl_callback_call *call) {
    (void)call;
    SL_CHECK_OK(sl_callbacks_close(guest->party->callbacks));
    SL_CHECK_EQ(guest->drops, 0u);
}

static void free_all(guest *guest, const sl_callback_call *call) {
    (void)call;
    SL_CHECK_OK(sl_callbacks_free(guest->party->callbacks));
}

SL_TEST(a_function_may_end_the_callbacks_that_call_it) {
    for (int frees = 0; frees < 2; frees++) {
        party party = party_new();
        guest ends = {.then = frees ? free_all : close_all}, other = {0};
        gift gift = {0};
        enqueue(&party, invite(&party, &ends, 'a'));
        give(&party, invite(&party, &other, 'b'), &gift);
        SL_CHECK_EQ(dispatch(&party, 0), 1);
        SL_CHECK_EQ(ends.drops, 1u);
        SL_CHECK_EQ(other.calls, 0u);
        SL_CHECK_EQ(other.drops, 1u);
        SL_CHECK_EQ(gift.drops, 1u);
        if (!frees) {
            SL_CHECK_OK(sl_callbacks_free(party.callbacks));
        }
        SL_CHECK_OK(sl_loop_free(party.loop));
    }
}

static void *trespass(void *argument) {
    party *party = argument;
    uint64_t out = 77;
    SL_CHECK_STATUS(sl_callbacks_register(party->callbacks, guest_call, NULL, guest_drop, 0, &out),
                    SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_callbacks_unregister(party->callbacks, 1), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_callbacks_dispatch(party->callbacks, 0, &out), SL_STATUS_WRONG_THREAD);
    /* The loop may be gone by now. */
    sl_status status = sl_callbacks_set_loop(party->callbacks, party->loop);
    SL_CHECK(status == SL_STATUS_WRONG_THREAD || status == SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(sl_callbacks_close(party->callbacks), SL_STATUS_WRONG_THREAD);
    SL_CHECK_STATUS(sl_callbacks_free(party->callbacks), SL_STATUS_WRONG_THREAD);
    SL_CHECK_EQ(out, 77);
    enqueue(party, 1);
    return NULL;
}

static void *make_elsewhere(void *argument) {
    party *party = argument;
    sl_callbacks *made = NULL;
    SL_CHECK_STATUS(sl_callbacks_new(party->loop, NULL, &made), SL_STATUS_WRONG_THREAD);
    SL_CHECK(made == NULL);
    return NULL;
}

SL_TEST(only_the_owner_may_do_more_than_enqueue) {
    party party = party_new();
    guest guest = {0};
    invite(&party, &guest, 'a');
    host_join(host_thread(make_elsewhere, &party));
    host_join(host_thread(trespass, &party));
    SL_CHECK_EQ(dispatch(&party, 0), 1);
    SL_CHECK_EQ(guest.drops, 0u);
    party_free(&party);
}

static void *take_over(void *argument) {
    party *party = argument;
    SL_CHECK_OK(sl_loop_attach_thread(party->loop));
    SL_CHECK_EQ(dispatch(party, 0), 1);
    party_free(party);
    return NULL;
}

SL_TEST(they_move_to_another_thread_with_their_loop) {
    party party = party_new();
    guest guest = {0};
    enqueue(&party, invite(&party, &guest, 'a'));
    SL_CHECK_OK(sl_loop_detach_thread(party.loop));
    SL_CHECK_STATUS(sl_callbacks_dispatch(party.callbacks, 0, NULL), SL_STATUS_WRONG_THREAD);
    host_join(host_thread(take_over, &party));
    SL_CHECK_EQ(guest.drops, 1u);
}

SL_TEST(they_outlive_their_loop) {
    party party = party_new();
    guest guest = {0};
    invite(&party, &guest, 'a');
    SL_CHECK_OK(sl_loop_free(party.loop));
    enqueue(&party, 1);
    SL_CHECK_EQ(dispatch(&party, 0), 1);
    host_join(host_thread(trespass, &party));
    SL_CHECK_EQ(dispatch(&party, 0), 1);
    SL_CHECK_OK(sl_callbacks_free(party.callbacks));
}

SL_TEST(another_loop_is_woken_after_set_loop) {
    party party = {.loop = host_loop()};
    SL_CHECK_OK(sl_callbacks_new(party.loop, NULL, &party.callbacks));
    sl_loop *other = host_loop();
    SL_CHECK_OK(sl_callbacks_set_loop(party.callbacks, other));
    SL_CHECK_OK(sl_loop_run_once(other, UINT32_MAX, NULL)); /* for what came just before */
    enqueue(&party, 1);
    SL_CHECK_OK(sl_loop_run_once(other, UINT32_MAX, NULL));
    SL_CHECK_EQ(host_stats(other).wakes, 2);
    SL_CHECK_STATUS(sl_callbacks_set_loop(party.callbacks, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_loop_free(other));
    SL_CHECK_STATUS(sl_callbacks_set_loop(party.callbacks, other), SL_STATUS_STALE_HANDLE);
    party_free(&party);
}

SL_TEST(a_full_queue_refuses_and_counts) {
    party party = {.loop = host_virtual_loop()};
    sl_callbacks_config config = {.size = sizeof config, .capacity = 2};
    SL_CHECK_OK(sl_callbacks_new(party.loop, &config, &party.callbacks));
    gift gifts[3] = {{0}};
    give(&party, 1, &gifts[0]);
    give(&party, 1, &gifts[1]);
    SL_CHECK_STATUS(sl_callbacks_enqueue(party.callbacks, 1, gift_build, &gifts[2], gift_drop),
                    SL_STATUS_FULL);
    SL_CHECK_STATUS(sl_callbacks_enqueue_value(party.callbacks, 1, NULL), SL_STATUS_FULL);
    SL_CHECK_EQ(gifts[2].drops, 0u);
    SL_CHECK_EQ(stats_of(&party).refused, 2);
    SL_CHECK_EQ(dispatch(&party, 0), 0);
    give(&party, 1, &gifts[2]);
    party_free(&party);
    SL_CHECK_EQ(gifts[2].drops, 1u);
}
