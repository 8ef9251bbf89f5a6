/* What the process does to the library: signals, fork, exit, and the time that idling costs. */
#include "sl_host.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

static atomic_uint alarms;

static void on_alarm(int number) {
    (void)number;
    atomic_fetch_add(&alarms, 1);
}

static void storms_every(long microseconds) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval every = {{0, microseconds}, {0, microseconds}};
    SL_CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    SL_CHECK_EQ(setitimer(ITIMER_REAL, &every, NULL), 0);
}

SL_TEST(signals_do_not_end_a_wait) {
    sl_loop *loop = host_loop();
    sl_action_queue *queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0);
    sl_action action = {.size = sizeof action};
    uint64_t start = 0;
    uint64_t end = 0;
    storms_every(500);
    SL_CHECK_OK(sl_loop_now(loop, &start));
    SL_CHECK_OK(sl_loop_run_once(loop, 40, NULL));
    SL_CHECK_OK(sl_loop_now(loop, &end));
    SL_CHECK(end - start >= 40 * HOST_MS);
    SL_CHECK_STATUS(sl_action_queue_pop_timeout(queue, 40, &action), SL_STATUS_TIMEOUT);
    SL_CHECK_OK(sl_loop_now(loop, &start));
    SL_CHECK(start - end >= 40 * HOST_MS);
    storms_every(0);
    SL_CHECK(atomic_load(&alarms) > 1);
    SL_CHECK_OK(sl_action_queue_free(queue));
    SL_CHECK_OK(sl_loop_free(loop));
}

static sl_loop *handled_loop;

static void wakes_from_a_handler(int number) {
    on_alarm(number);
    SL_CHECK_OK(sl_loop_wake(handled_loop));
}

SL_TEST(a_wake_from_a_signal_handler_ends_the_wait) {
    struct sigaction action = {.sa_handler = wakes_from_a_handler};
    struct itimerval once = {{0, 0}, {0, 2000}};
    handled_loop = host_loop();
    SL_CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    for (unsigned i = 1; i <= 20; ++i) {
        SL_CHECK_EQ(setitimer(ITIMER_REAL, &once, NULL), 0);
        SL_CHECK_OK(sl_loop_run_once(handled_loop, UINT32_MAX, NULL));
        SL_CHECK_EQ(atomic_load(&alarms), i);
    }
    SL_CHECK_OK(sl_loop_free(handled_loop));
}

static int exit_code_of(pid_t child) {
    int status = 0;
    SL_CHECK(child > 0);
    SL_CHECK_EQ(waitpid(child, &status, 0), child);
    SL_CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

SL_TEST(a_child_of_fork_makes_loops_of_its_own) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a'};
    host_post(loop, SL_PRIORITY_NORMAL, &item);
    SL_CHECK_OK(sl_loop_wake(loop));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sl_loop *own = host_loop();
        SL_CHECK_EQ(host_poll(own), 0u);
        SL_CHECK_EQ(host_stats(own).wakes, 0);
        host_post(own, SL_PRIORITY_NORMAL, &item);
        SL_CHECK_OK(sl_loop_run_once(own, UINT32_MAX, NULL));
        SL_CHECK_EQ(item.runs, 1u);
        SL_CHECK_OK(sl_loop_free(own));
        _exit(23);
    }
    SL_CHECK_EQ(exit_code_of(child), 23);
    SL_CHECK_EQ(host_poll(loop), 1u);
    SL_CHECK_EQ(host_stats(loop).wakes, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}

typedef struct busy {
    sl_loop *loop;
    sl_action_queue *queue;
    pthread_barrier_t start;
} busy;

static void *waits_in_the_loop(void *argument) {
    busy *shared = (busy *)argument;
    SL_CHECK_OK(sl_loop_attach_thread(shared->loop));
    pthread_barrier_wait(&shared->start);
    (void)sl_loop_run(shared->loop);
    return NULL;
}

static void *waits_at_the_queue(void *argument) {
    busy *shared = (busy *)argument;
    sl_action action = {.size = sizeof action};
    pthread_barrier_wait(&shared->start);
    (void)sl_action_queue_pop(shared->queue, &action);
    return NULL;
}

static void *posts_for_ever(void *argument) {
    busy *shared = (busy *)argument;
    pthread_barrier_wait(&shared->start);
    for (;;) {
        (void)sl_loop_post_copy(shared->loop, SL_PRIORITY_NORMAL, host_nothing, NULL, 0);
        sched_yield();
    }
    return NULL;
}

SL_TEST(a_process_may_end_while_its_threads_are_in_the_library) {
    for (int round = 0; round < 30; ++round) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            busy shared = {.loop = host_loop(), .queue = host_queue(0, SL_WHEN_FULL_REFUSE, 0)};
            SL_CHECK_OK(sl_loop_detach_thread(shared.loop));
            host_barrier(&shared.start, 4);
            host_thread(waits_in_the_loop, &shared);
            host_thread(waits_at_the_queue, &shared);
            host_thread(posts_for_ever, &shared);
            pthread_barrier_wait(&shared.start);
            exit(29);
        }
        SL_CHECK_EQ(exit_code_of(child), 29);
    }
}

static void stops(host_item *item) {
    SL_CHECK_OK(sl_loop_stop(item->loop));
}

static uint64_t processor_time(void) {
    struct timespec used;
    SL_CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (uint64_t)used.tv_sec * 1000 * HOST_MS + (uint64_t)used.tv_nsec;
}

/* Mistake: a run() that spins when idle. What is bounded is the processor's time, which other
 * processes cannot make longer. */
SL_TEST(a_run_that_idles_sleeps_once_and_costs_nothing) {
    sl_loop *loop = host_loop();
    host_item item = {.letter = 'a', .loop = loop, .then = stops};
    host_timer(loop, 200, 0, &item);
    uint64_t before = processor_time();
    SL_CHECK_OK(sl_loop_run(loop));
    SL_CHECK(processor_time() - before < 100 * HOST_MS);
    SL_CHECK_EQ(host_stats(loop).parks, 1);
    SL_CHECK_EQ(host_stats(loop).polls, 1);
    SL_CHECK_OK(sl_loop_free(loop));
}
