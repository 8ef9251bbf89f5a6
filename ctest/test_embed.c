/* Embed: the loop as a descriptor, and a loop whose time the host moves. */
#include "sl_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

static int fd_of(sl_loop *loop) {
    int32_t fd = -1;
    SL_CHECK_OK(sl_loop_fd(loop, &fd));
    SL_CHECK(fd >= 0);
    return fd;
}

static bool readable_within(int fd, int timeout_ms) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int ready = poll(&entry, 1, timeout_ms);
    SL_CHECK(ready >= 0);
    SL_CHECK(ready == 0 || entry.revents == POLLIN);
    return ready == 1;
}

static bool readable(int fd) {
    return readable_within(fd, 0);
}

SL_TEST(the_descriptor_is_one_and_is_closed_with_its_loop) {
    sl_loop *loop = host_loop();
    int fd = fd_of(loop);
    SL_CHECK_EQ(fd_of(loop), fd);
    SL_CHECK_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    SL_CHECK(!readable(fd));
    SL_CHECK_STATUS(sl_loop_fd(loop, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_loop_free(loop));
    SL_CHECK_EQ(fcntl(fd, F_GETFD), -1);
    SL_CHECK_EQ(errno, EBADF);
}

/* How many descriptors the process has. */
static int descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
        count += fcntl(fd, F_GETFD) != -1;
    }
    return count;
}

SL_TEST(descriptors_are_opened_when_asked_for_and_all_closed) {
    SL_CHECK_OK(sl_loop_free(host_loop())); /* libuv keeps some for the process */
    int before = descriptors();
    for (int i = 0; i < 100; ++i) {
        sl_loop *loop = host_loop();
        SL_CHECK_EQ(host_poll(loop), 0u);
        SL_CHECK(descriptors() == before || host_is_uv());
        if (i % 2 == 0) {
            SL_CHECK(!readable(fd_of(loop)));
        }
        SL_CHECK_OK(sl_loop_free(loop));
        SL_CHECK_EQ(descriptors(), before);
    }
}

/* The limit under which just so many further descriptors can be opened. */
static rlim_t limit_for(int spare) {
    int fd = 0;
    while (fcntl(fd, F_GETFD) != -1 || spare-- > 0) {
        ++fd;
    }
    return (rlim_t)fd;
}

static void heard(void *userdata, uint32_t level, const char *text, size_t text_len) {
    SL_CHECK_EQ(level, SL_LOG_LEVEL_ERROR);
    SL_CHECK(text != NULL && text_len != 0);
    ++*(unsigned *)userdata;
}

SL_TEST(a_process_without_descriptors_gets_a_status_and_may_try_again) {
    sl_loop *loop = host_loop();
    int before = descriptors();
    unsigned lines = 0;
    struct rlimit limit;
    SL_CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_INFO, heard, &lines, NULL));
    for (int spare = 0; spare < 3; ++spare) {
        struct rlimit few = {.rlim_cur = limit_for(spare), .rlim_max = limit.rlim_max};
        int32_t fd = 77;
        SL_CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
        SL_CHECK_STATUS(sl_loop_fd(loop, &fd), SL_STATUS_SYSTEM);
        SL_CHECK_EQ(fd, 77);
        SL_CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        SL_CHECK_EQ(descriptors(), before);
        SL_CHECK_EQ(lines, (unsigned)spare + 1);
        SL_CHECK_EQ(host_poll(loop), 0u);
    }
    SL_CHECK(!readable(fd_of(loop)));
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    SL_CHECK_OK(sl_loop_free(loop));
}

static void rings_and_falls_silent(sl_loop *loop, int fd, uint32_t dispatched) {
    SL_CHECK(readable(fd));
    SL_CHECK(readable(fd));
    SL_CHECK_EQ(host_poll(loop), dispatched);
    SL_CHECK(!readable(fd));
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK(!readable(fd));
}

SL_TEST(the_descriptor_is_readable_for_every_cause_and_then_silent) {
    sl_loop *loop = host_virtual_loop();
    int fd = fd_of(loop);
    host_item item = {.letter = 'a'};
    for (int round = 0; round < 3; ++round) {
        SL_CHECK(!readable(fd));
        SL_CHECK_OK(sl_loop_wake(loop));
        rings_and_falls_silent(loop, fd, 0);
        SL_CHECK_OK(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, host_nothing, NULL, 0));
        rings_and_falls_silent(loop, fd, 1);
        SL_CHECK_OK(sl_loop_post_copy(loop, SL_PRIORITY_LOW, host_nothing, NULL, 0));
        rings_and_falls_silent(loop, fd, 1);
        item.drops = 0;
        host_timer(loop, 0, 0, &item);
        rings_and_falls_silent(loop, fd, 1);
        item.drops = 0;
        host_timer(loop, 5, 0, &item);
        SL_CHECK_EQ(host_poll(loop), 0u);
        SL_CHECK(!readable(fd));
        SL_CHECK_OK(sl_loop_advance(loop, 5 * HOST_MS));
        rings_and_falls_silent(loop, fd, 1);
        SL_CHECK_OK(sl_loop_stop(loop));
        rings_and_falls_silent(loop, fd, 0);
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(what_was_there_before_the_descriptor_makes_it_readable) {
    for (int cause = 0; cause < 4; ++cause) {
        sl_loop *loop = host_virtual_loop();
        host_item item = {.letter = 'a'};
        if (cause == 0) {
            SL_CHECK_OK(sl_loop_wake(loop));
        } else if (cause < 3) {
            host_post(loop, cause == 1 ? SL_PRIORITY_NORMAL : SL_PRIORITY_IDLE, &item);
        } else {
            host_timer(loop, 0, 0, &item);
        }
        rings_and_falls_silent(loop, fd_of(loop), cause == 0 ? 0 : 1);
        SL_CHECK_OK(sl_loop_free(loop));
    }
}

SL_TEST(the_descriptor_stays_readable_while_work_is_left_over) {
    sl_loop *loop = host_virtual_loop();
    int fd = fd_of(loop);
    host_item items[9] = {{.letter = 'a'}};
    for (int i = 0; i < 9; ++i) {
        if (i % 3 == 0) {
            host_timer(loop, 0, 0, &items[i]);
        } else {
            host_post(loop, i % 3 == 1 ? SL_PRIORITY_NORMAL : SL_PRIORITY_HIGH, &items[i]);
        }
    }
    for (int i = 0; i < 9; ++i) {
        SL_CHECK(readable(fd));
        SL_CHECK_OK(sl_loop_poll(loop, 0, NULL));
    }
    SL_CHECK(!readable(fd));
    SL_CHECK_OK(sl_loop_free(loop));
}

static void posts_one(host_item *item) {
    SL_CHECK_OK(sl_loop_post_copy(item->loop, SL_PRIORITY_NORMAL, host_nothing, NULL, 0));
}

SL_TEST(what_a_callback_queues_makes_the_descriptor_readable) {
    sl_loop *loop = host_virtual_loop();
    int fd = fd_of(loop);
    host_item item = {.letter = 'a', .loop = loop, .then = posts_one};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_EQ(host_poll(loop), 1u);
    rings_and_falls_silent(loop, fd, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_due_timer_makes_the_descriptor_readable_and_not_too_early) {
    sl_loop *loop = host_loop();
    int fd = fd_of(loop);
    for (uint64_t delay_ms = 1; delay_ms <= 5; ++delay_ms) {
        host_item item = {.letter = 'a', .loop = loop};
        uint64_t start = 0;
        SL_CHECK_OK(sl_loop_now(loop, &start));
        host_timer(loop, delay_ms, 0, &item);
        while (item.runs == 0) {
            SL_CHECK(readable_within(fd, -1));
            SL_CHECK_OK(sl_loop_poll(loop, 1, NULL));
        }
        SL_CHECK(item.ran_at - start >= delay_ms * HOST_MS);
        SL_CHECK(!readable(fd));
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct nearer {
    sl_loop *loop;
    host_item *item;
    pthread_barrier_t start;
} nearer;

static void *sets_a_nearer_timer(void *argument) {
    nearer *shared = (nearer *)argument;
    pthread_barrier_wait(&shared->start);
    host_timer(shared->loop, 2, 0, shared->item);
    return NULL;
}

SL_TEST(a_nearer_timer_of_another_thread_makes_the_descriptor_readable) {
    sl_loop *loop = host_loop();
    int fd = fd_of(loop);
    host_item far = {.letter = 'b'};
    host_item item = {.letter = 'a'};
    nearer shared = {.loop = loop, .item = &item};
    host_barrier(&shared.start, 2);
    host_timer(loop, UINT64_C(3600000), 0, &far);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK(!readable(fd));
    pthread_t thread = host_thread(sets_a_nearer_timer, &shared);
    pthread_barrier_wait(&shared.start);
    while (item.runs == 0) {
        SL_CHECK(readable_within(fd, -1));
        SL_CHECK_OK(sl_loop_poll(loop, 1, NULL));
    }
    host_join(thread);
    SL_CHECK_OK(sl_loop_free(loop));
}

enum { EDGES = 10000 };

static void *produces_edges(void *argument) {
    sl_loop *loop = (sl_loop *)argument;
    uint64_t seed = 7;
    for (int i = 0; i < EDGES; ++i) {
        uint32_t priority = host_random(&seed) % 3 == 0 ? SL_PRIORITY_LOW : SL_PRIORITY_NORMAL;
        SL_CHECK_OK(sl_loop_post_copy(loop, priority, host_nothing, NULL, 0));
        if (host_random(&seed) % 4 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

SL_TEST(no_edge_of_the_descriptor_is_lost) {
    sl_loop *loop = host_loop();
    int fd = fd_of(loop);
    uint64_t ran = 0;
    pthread_t thread = host_thread(produces_edges, loop);
    while (ran < EDGES) {
        uint32_t dispatched = 0;
        SL_CHECK(readable_within(fd, -1));
        SL_CHECK_OK(sl_loop_poll(loop, ran % 2 == 0 ? 0 : 5, &dispatched));
        ran += dispatched;
    }
    host_join(thread);
    SL_CHECK_EQ(host_poll(loop), 0u);
    SL_CHECK(!readable(fd));
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(waits_by_step_and_by_descriptor_may_be_mixed) {
    sl_loop *loop = host_loop();
    int fd = fd_of(loop);
    for (int round = 0; round < 20; ++round) {
        host_item item = {.letter = 'a'};
        uint32_t dispatched = 0;
        host_timer(loop, 1, 0, &item);
        if (round % 2 == 0) {
            SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
            SL_CHECK_EQ(dispatched, 1u);
        } else {
            while (item.runs == 0) {
                SL_CHECK(readable_within(fd, -1));
                host_poll(loop);
            }
        }
        SL_CHECK(!readable(fd));
    }
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_virtual_clock_stands_still_until_it_is_moved) {
    sl_loop *loop = host_virtual_loop();
    uint64_t now = 77;
    SL_CHECK_OK(sl_loop_now(loop, &now));
    SL_CHECK_EQ(now, 0);
    SL_CHECK_OK(sl_loop_advance(loop, 0));
    SL_CHECK_OK(sl_loop_advance(loop, 3));
    SL_CHECK_OK(sl_loop_advance(loop, 4));
    SL_CHECK_OK(sl_loop_now(loop, &now));
    SL_CHECK_EQ(now, 7);
    SL_CHECK_OK(sl_loop_advance(loop, UINT64_MAX));
    SL_CHECK_OK(sl_loop_now(loop, &now));
    SL_CHECK(now >= UINT64_MAX - 1);
    SL_CHECK_STATUS(sl_loop_now(loop, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_next_deadline(loop, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_loop_is_owner(loop, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(the_systems_clock_is_clock_monotonic_and_cannot_be_moved) {
    sl_loop *loop = host_loop();
    struct timespec before;
    struct timespec after;
    uint64_t now = 0;
    SL_CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    SL_CHECK_OK(sl_loop_now(loop, &now));
    SL_CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    SL_CHECK((uint64_t)before.tv_sec * 1000 * HOST_MS + (uint64_t)before.tv_nsec <= now);
    SL_CHECK((uint64_t)after.tv_sec * 1000 * HOST_MS + (uint64_t)after.tv_nsec >= now);
    SL_CHECK_STATUS(sl_loop_advance(loop, 1), SL_STATUS_UNSUPPORTED);
    SL_CHECK_OK(sl_loop_free(loop));
}

static void *advances(void *argument) {
    sl_loop *loop = (sl_loop *)argument;
    while (host_stats(loop).parks == 0) {
        sched_yield();
    }
    SL_CHECK_OK(sl_loop_advance(loop, 10 * HOST_MS));
    return NULL;
}

SL_TEST(moving_the_clock_ends_the_owners_sleep) {
    sl_loop *loop = host_virtual_loop();
    host_item item = {.letter = 'a'};
    uint32_t dispatched = 0;
    host_timer(loop, 10, 0, &item);
    pthread_t thread = host_thread(advances, loop);
    SL_CHECK_OK(sl_loop_run_once(loop, UINT32_MAX, &dispatched));
    SL_CHECK_EQ(dispatched, 1u);
    host_join(thread);
    SL_CHECK_OK(sl_loop_free(loop));
}
