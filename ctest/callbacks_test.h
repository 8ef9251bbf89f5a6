/* What the tests of callbacks share: functions and payloads that write down what happened to them.
 */
#ifndef CALLBACKS_TEST_H
#define CALLBACKS_TEST_H

#include "sl_host.h"

typedef struct party party;

/* A function that is registered, and what it saw. */
typedef struct guest {
    party *party;
    char letter;
    sl_callback_id id;
    void (*then)(struct guest *guest, const sl_callback_call *call);
    unsigned calls;
    unsigned drops;
} guest;

struct party {
    sl_loop *loop;
    sl_callbacks *callbacks;
    host_record record;
};

static inline party party_new(void) {
    party party = {.loop = host_virtual_loop()};
    SL_CHECK_OK(sl_callbacks_new(party.loop, NULL, &party.callbacks));
    return party;
}

static inline void party_free(party *party) {
    SL_CHECK_OK(sl_callbacks_free(party->callbacks));
    SL_CHECK_OK(sl_loop_free(party->loop));
}

static inline void guest_call(void *userdata, const sl_callback_call *call) {
    guest *guest = userdata;
    SL_CHECK_EQ(guest->drops, 0u);
    SL_CHECK_EQ(call->size, sizeof *call);
    SL_CHECK_EQ(call->id, guest->id);
    ++guest->calls;
    host_record *record = &guest->party->record;
    SL_CHECK(record->len + 1 < sizeof record->text);
    record->text[record->len++] = guest->letter;
    if (guest->then != NULL) {
        guest->then(guest, call);
    }
}

static inline void guest_drop(void *userdata) {
    ++((guest *)userdata)->drops;
}

static inline sl_callback_id invite_with(party *party, guest *guest, char letter, uint32_t flags) {
    guest->party = party;
    guest->letter = letter;
    SL_CHECK_OK(
        sl_callbacks_register(party->callbacks, guest_call, guest, guest_drop, flags, &guest->id));
    return guest->id;
}

static inline sl_callback_id invite(party *party, guest *guest, char letter) {
    return invite_with(party, guest, letter, 0);
}

static inline void enqueue(party *party, sl_callback_id id) {
    SL_CHECK_OK(sl_callbacks_enqueue_value(party->callbacks, id, NULL));
}

static inline uint64_t dispatch(party *party, uint64_t max) {
    uint64_t dispatched = 77;
    SL_CHECK_OK(sl_callbacks_dispatch(party->callbacks, max, &dispatched));
    return dispatched;
}

/* They add up whenever they are read. */
static inline sl_callbacks_stats stats_of(const party *party) {
    sl_callbacks_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_callbacks_read_stats(party->callbacks, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.unknown + stats.dropped + stats.pending);
    SL_CHECK(stats.failed <= stats.delivered);
    return stats;
}

/* A payload that the host makes. */
typedef struct gift {
    unsigned builds;
    unsigned drops;
    void *target;
    sl_status status;
} gift;

static inline sl_status gift_build(void *userdata, void *target) {
    gift *gift = userdata;
    SL_CHECK_EQ(gift->drops, 0u);
    ++gift->builds;
    gift->target = target;
    return gift->status;
}

static inline void gift_drop(void *userdata) {
    ++((gift *)userdata)->drops;
}

static inline void give(party *party, sl_callback_id id, gift *gift) {
    SL_CHECK_OK(sl_callbacks_enqueue(party->callbacks, id, gift_build, gift, gift_drop));
}

#endif /* CALLBACKS_TEST_H */
