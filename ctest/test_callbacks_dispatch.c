/* Callbacks by number: who is called in a dispatch, in which order, and what a failure does. */
#include "callbacks_test.h"

/* [28] */
SL_TEST(a_dispatch_calls_in_order_and_no_more_than_max) {
    party party = party_new();
    guest guests[3] = {{0}};
    for (int at = 0; at < 3; at++) {
        invite(&party, &guests[at], (char)('a' + at));
    }
    for (int at = 0; at < 9; at++) {
        enqueue(&party, 1 + (sl_callback_id)(at * 2 % 3));
    }
    SL_CHECK_EQ(dispatch(&party, 4), 4);
    SL_CHECK_STR_EQ(party.record.text, "acba");
    SL_CHECK_EQ(stats_of(&party).pending, 5);
    SL_CHECK_EQ(dispatch(&party, 1), 1);
    SL_CHECK_EQ(dispatch(&party, UINT64_MAX), 4);
    SL_CHECK_STR_EQ(party.record.text, "acbacbacb");
    SL_CHECK_EQ(stats_of(&party).high_water, 9);
    party_free(&party);
}

static void enqueue_again(guest *guest, const sl_callback_call *call) {
    enqueue(guest->party, call->id);
}

/* [28] */
SL_TEST(what_is_enqueued_meanwhile_waits_for_the_next_dispatch) {
    party party = party_new();
    guest guest = {.then = enqueue_again};
    sl_callback_id id = invite(&party, &guest, 'a');
    enqueue(&party, id);
    enqueue(&party, id);
    for (unsigned round = 1; round <= 3; round++) {
        SL_CHECK_EQ(dispatch(&party, 0), 2);
        SL_CHECK_EQ(guest.calls, 2 * round);
        SL_CHECK_EQ(stats_of(&party).pending, 2);
    }
    party_free(&party);
}

static void dispatch_rest(guest *guest, const sl_callback_call *call) {
    (void)call;
    if (guest->calls == 1) {
        enqueue(guest->party, 2);
        SL_CHECK_EQ(dispatch(guest->party, 0), 3);
        enqueue(guest->party, 2);
    }
}

/* [28] */
SL_TEST(a_nested_dispatch_sees_what_the_outer_one_has_not_called_yet) {
    party party = party_new();
    guest nests = {.then = dispatch_rest}, other = {0};
    invite(&party, &nests, 'n');
    invite(&party, &other, 'o');
    enqueue(&party, 2);
    enqueue(&party, 1);
    enqueue(&party, 2);
    enqueue(&party, 2);
    /* The nested one calls the two that are left, and what came before it began. */
    SL_CHECK_EQ(dispatch(&party, 0), 2);
    SL_CHECK_STR_EQ(party.record.text, "onooo");
    SL_CHECK_EQ(stats_of(&party).pending, 1);
    party_free(&party);
}

static void dispatch_one(guest *guest, const sl_callback_call *call) {
    (void)call;
    if (guest->calls == 1) {
        SL_CHECK_EQ(dispatch(guest->party, 1), 1);
    }
}

/* [28] */
SL_TEST(the_outer_dispatch_goes_on_behind_the_nested_one) {
    party party = party_new();
    guest nests = {.then = dispatch_one}, second = {0}, third = {0};
    enqueue(&party, invite(&party, &nests, '1'));
    enqueue(&party, invite(&party, &second, '2'));
    enqueue(&party, invite(&party, &third, '3'));
    SL_CHECK_EQ(dispatch(&party, 0), 2);
    SL_CHECK_STR_EQ(party.record.text, "123");
    party_free(&party);
}

/* [28] */
SL_TEST(unknown_numbers_are_skipped_counted_and_no_part_of_max) {
    party party = party_new();
    guest guest = {0};
    sl_callback_id id = invite(&party, &guest, 'a');
    const sl_callback_id strangers[] = {0, 2, UINT64_MAX, UINT64_C(1) << 53};
    for (int at = 0; at < 4; at++) {
        enqueue(&party, strangers[at]);
    }
    enqueue(&party, id);
    SL_CHECK_EQ(dispatch(&party, 1), 1);
    SL_CHECK_EQ(guest.calls, 1u);
    SL_CHECK_EQ(stats_of(&party).unknown, 4);
    party_free(&party);
}

static void send_next_away(guest *guest, const sl_callback_call *call) {
    SL_CHECK_OK(sl_callbacks_unregister(guest->party->callbacks, call->id + 1));
}

/* [28] */
SL_TEST(a_number_is_looked_up_when_its_turn_comes) {
    party party = party_new();
    guest first = {.then = send_next_away}, second = {0}, third = {0};
    invite(&party, &first, 'a');
    invite(&party, &second, 'b');
    enqueue(&party, 1);
    enqueue(&party, 2);
    enqueue(&party, 3);
    invite(&party, &third, 'c');
    SL_CHECK_EQ(dispatch(&party, 0), 2);
    SL_CHECK_STR_EQ(party.record.text, "ac");
    SL_CHECK_EQ(second.drops, 1u);
    party_free(&party);
}

static void leave(guest *guest, const sl_callback_call *call) {
    SL_CHECK_OK(sl_callbacks_unregister(guest->party->callbacks, call->id));
    SL_CHECK_EQ(guest->drops, 0u);
}

SL_TEST(a_function_that_unregisters_itself_is_dropped_when_it_returns) {
    party party = party_new();
    guest guest = {.then = leave};
    enqueue(&party, invite(&party, &guest, 'a'));
    SL_CHECK_EQ(dispatch(&party, 0), 1);
    SL_CHECK_EQ(guest.drops, 1u);
    party_free(&party);
}

static char logged[512];

static void note_line(void *userdata, uint32_t level, const char *text, size_t text_len) {
    (void)userdata;
    SL_CHECK_EQ(level, SL_LOG_LEVEL_ERROR);
    strncat(logged, text, text_len);
    strcat(logged, "\n");
}

static void fail_twice(guest *guest, const sl_callback_call *call) {
    (void)guest;
    SL_CHECK_OK(sl_callback_call_fail(call, "no luck", 7));
    SL_CHECK_OK(sl_callback_call_fail(call, "at all", 6));
}

/* [28] */
SL_TEST(a_failure_is_reported_and_the_rest_of_the_batch_runs) {
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_ERROR, note_line, NULL, NULL));
    party party = party_new();
    guest fails = {.then = fail_twice}, fine = {0};
    enqueue(&party, invite(&party, &fails, 'f'));
    enqueue(&party, invite(&party, &fine, 'o'));
    SL_CHECK_EQ(dispatch(&party, 0), 2);
    SL_CHECK_STR_EQ(party.record.text, "fo");
    SL_CHECK_STR_EQ(logged, "[callbacks] invocation failed for id 1: no luck\n"
                            "[callbacks] invocation failed for id 1: at all\n");
    SL_CHECK_EQ(stats_of(&party).failed, 1);
    party_free(&party);
}
