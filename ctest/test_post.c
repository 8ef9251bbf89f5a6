/* Post: what it takes, what it copies, what it refuses. */
#include "sl_host.h"

SL_TEST(a_post_without_a_function_is_refused) {
    sl_loop *loop = host_loop();
    SL_CHECK_STATUS(sl_loop_post(loop, 100, NULL, loop, host_never), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post(loop, 0, NULL, loop, host_never), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post(NULL, 100, host_never, loop, host_never), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 100, NULL, "a", 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post_copy(NULL, 100, host_never, "a", 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(host_stats(loop).posts_accepted, 0);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_copy_of_nothing_at_all_or_of_too_much_is_refused) {
    sl_loop *loop = host_loop();
    char bytes[SL_POST_BYTES_MAX + 1] = {0};
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 100, host_never, NULL, 1), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 100, host_never, bytes, sizeof bytes),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 100, host_never, bytes, SIZE_MAX),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_post_copy(loop, 7, host_never, bytes, sizeof bytes),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_OK(sl_loop_post_copy(loop, 100, host_nothing, NULL, 0));
    SL_CHECK_OK(sl_loop_post_copy(loop, 100, host_nothing, bytes, 0));
    SL_CHECK_EQ(host_poll(loop), 2u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static unsigned copies;

static void is_pattern(void *copy) {
    const unsigned char *bytes = (const unsigned char *)copy;
    SL_CHECK_EQ((uintptr_t)copy % 16, 0);
    for (unsigned i = 1; i < bytes[0]; ++i) {
        SL_CHECK_EQ(bytes[i], (unsigned char)(bytes[0] * 7 + i));
    }
    ++copies;
}

SL_TEST(a_copy_is_taken_at_the_call_and_lies_aligned) {
    sl_loop *loop = host_loop();
    unsigned char bytes[SL_POST_BYTES_MAX];
    for (uint32_t priority = 99; priority <= 101; ++priority) {
        for (unsigned len = 1; len <= sizeof bytes; ++len) {
            bytes[0] = (unsigned char)len;
            for (unsigned i = 1; i < len; ++i) {
                bytes[i] = (unsigned char)(len * 7 + i);
            }
            SL_CHECK_OK(sl_loop_post_copy(loop, priority, is_pattern, bytes, len));
            memset(bytes, 0xee, sizeof bytes);
        }
    }
    SL_CHECK_EQ(host_poll(loop), 3u * SL_POST_BYTES_MAX);
    SL_CHECK_EQ(copies, 3u * SL_POST_BYTES_MAX);
    SL_CHECK_OK(sl_loop_free(loop));
}

static host_record *copied_record;

static void records_copy(void *copy) {
    copied_record->text[copied_record->len++] = *(const char *)copy;
    copied_record->text[copied_record->len] = '\0';
}

SL_TEST(copies_and_other_posts_are_in_one_order) {
    sl_loop *loop = host_loop();
    host_record record = {.len = 0};
    host_item items[10];
    copied_record = &record;
    for (int i = 0; i < 10; ++i) {
        char letter = (char)('a' + 2 * i);
        items[i] = (host_item){.letter = (char)(letter + 1), .record = &record};
        SL_CHECK_OK(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, records_copy, &letter, 1));
        host_post(loop, SL_PRIORITY_NORMAL, &items[i]);
    }
    SL_CHECK_EQ(host_poll(loop), 20u);
    SL_CHECK_STR_EQ(record.text, "abcdefghijklmnopqrst");
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(userdata_is_only_carried_and_may_be_anything) {
    sl_loop *loop = host_loop();
    SL_CHECK_OK(sl_loop_post(loop, 100, host_nothing, NULL, host_nothing));
    SL_CHECK_OK(sl_loop_post(loop, 100, host_nothing, (void *)(uintptr_t)1, NULL));
    SL_CHECK_OK(sl_loop_post(loop, 100, host_nothing, (void *)UINTPTR_MAX, host_nothing));
    SL_CHECK_EQ(host_poll(loop), 3u);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void drop_records(void *userdata) {
    host_item *item = (host_item *)userdata;
    item->record->text[item->record->len++] = '.';
    host_drop(userdata);
}

SL_TEST(a_drop_follows_its_own_run_at_once) {
    sl_loop *loop = host_loop();
    host_record record = {.len = 0};
    host_item items[3];
    for (int i = 0; i < 3; ++i) {
        items[i] = (host_item){.letter = (char)('a' + i), .record = &record};
        SL_CHECK_OK(sl_loop_post(loop, 100, host_run, &items[i], drop_records));
    }
    SL_CHECK_EQ(host_poll(loop), 3u);
    record.text[record.len] = '\0';
    SL_CHECK_STR_EQ(record.text, "a.b.c.");
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct producer {
    sl_loop *loop;
    pthread_barrier_t *start;
    uint64_t number;
} producer;

enum { PRODUCERS = 4, POSTS = 20000 };

static uint64_t seen[PRODUCERS];

static void is_next(void *copy) {
    uint64_t what[2];
    memcpy(what, copy, sizeof what);
    SL_CHECK_EQ(seen[what[0]]++, what[1]);
}

static void *produces(void *argument) {
    producer *me = (producer *)argument;
    pthread_barrier_wait(me->start);
    for (uint64_t i = 0; i < POSTS; ++i) {
        const uint64_t what[2] = {me->number, i};
        SL_CHECK_OK(sl_loop_post_copy(me->loop, SL_PRIORITY_NORMAL, is_next, what, sizeof what));
    }
    return NULL;
}

SL_TEST(the_posts_of_each_thread_arrive_in_its_order) {
    sl_loop *loop = host_loop();
    pthread_barrier_t start;
    pthread_t threads[PRODUCERS];
    producer producers[PRODUCERS];
    uint64_t ran = 0;
    host_barrier(&start, PRODUCERS);
    for (uint64_t i = 0; i < PRODUCERS; ++i) {
        producers[i] = (producer){loop, &start, i};
        threads[i] = host_thread(produces, &producers[i]);
    }
    while (ran < (uint64_t)PRODUCERS * POSTS) {
        uint32_t dispatched = 0;
        SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
        ran += dispatched;
        host_stats(loop);
    }
    for (int i = 0; i < PRODUCERS; ++i) {
        host_join(threads[i]);
        SL_CHECK_EQ(seen[i], (uint64_t)POSTS);
    }
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK_OK(sl_loop_free(loop));
}
