/* Ten thousand loops at once: each is a loop like any other, and costs memory and nothing else. */
#include "child_test.h"
#include "sl_host.h"

#include <dirent.h>

enum { LOOPS = CHILD_SANITIZED ? 500 : 10000 };

/* Memory that a loop has touched. Timers have tables, one for each order of their distance. */
#define LOOP_BYTES_MAX (8u << 10)
#define TIMERS_BYTES_MAX (64u << 10)

static sl_loop *loops[LOOPS];
static unsigned ran[LOOPS];
static unsigned dropped[LOOPS];

static void counts(void *userdata) {
    ++*(unsigned *)userdata;
}

static uint64_t resident_bytes(void) {
    unsigned long long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    SL_CHECK(statm != NULL);
    SL_CHECK_EQ(fscanf(statm, "%*s %llu", &pages), 1);
    SL_CHECK_EQ(fclose(statm), 0);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned descriptors(void) {
    unsigned count = 0;
    DIR *open = opendir("/proc/self/fd");
    SL_CHECK(open != NULL);
    while (readdir(open) != NULL) {
        ++count;
    }
    SL_CHECK_EQ(closedir(open), 0);
    return count;
}

/* Two posts, a wake, a timer that is due and one that never is. */
static void fill(size_t i) {
    sl_timer_id timer = 0;
    SL_CHECK_OK(sl_loop_post(loops[i], SL_PRIORITY_NORMAL, counts, &ran[i], NULL));
    SL_CHECK_OK(sl_loop_post(loops[i], SL_PRIORITY_HIGH, counts, &ran[i], NULL));
    SL_CHECK_OK(sl_loop_schedule_timer(loops[i], 0, 0, counts, &ran[i], NULL, &timer));
    SL_CHECK_OK(
        sl_loop_schedule_timer(loops[i], 1u << 30, 0, host_never, &dropped[i], counts, &timer));
    SL_CHECK_OK(sl_loop_wake(loops[i]));
}

static void make_all(void) {
    uint64_t before = resident_bytes();
    for (size_t i = 0; i < LOOPS; ++i) {
        loops[i] = host_loop();
    }
    uint64_t made = resident_bytes();
    for (size_t i = 0; i < LOOPS; ++i) {
        fill(i);
    }
    uint64_t filled = resident_bytes();
    printf("%" PRIu64 " bytes for a loop, %" PRIu64 " with posts and timers\n",
           (made - before) / LOOPS, (filled - before) / LOOPS);
    SL_CHECK(CHILD_SANITIZED || (made - before) / LOOPS <= LOOP_BYTES_MAX);
    SL_CHECK(CHILD_SANITIZED || (filled - made) / LOOPS <= TIMERS_BYTES_MAX);
}

SL_TEST(ten_thousand_loops_live_at_once_and_go_in_any_order) {
    unsigned open = descriptors();
    make_all();
    SL_CHECK_EQ(sl_live_handles(), LOOPS);
    SL_CHECK_EQ(descriptors(), open);
    for (size_t i = 0; i < LOOPS; ++i) {
        SL_CHECK_OK(sl_loop_run_once(loops[i], UINT32_MAX, NULL));
        SL_CHECK_EQ(ran[i], 3u);
        SL_CHECK_EQ(host_stats(loops[i]).wakes, 1);
    }
    uint64_t seed = 5;
    for (size_t left = LOOPS; left > 0; --left) {
        size_t at = (size_t)(host_random(&seed) % left);
        sl_loop *loop = loops[at];
        loops[at] = loops[left - 1];
        SL_CHECK_OK(sl_loop_free(loop));
        SL_CHECK_STATUS(sl_loop_wake(loop), SL_STATUS_STALE_HANDLE);
    }
    for (size_t i = 0; i < LOOPS; ++i) {
        SL_CHECK_EQ(dropped[i], 1u);
    }
}
