/* What the tests of drive and close share: a gate that a callback waits at, and who ran it. */
#ifndef DRIVE_TEST_H
#define DRIVE_TEST_H

#include "sl_host.h"

/* Something that happens once on another thread, and whoever waits for it. */
typedef struct event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
} event;

#define EVENT_INIT                                                                                 \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

static inline void event_set(event *event) {
    pthread_mutex_lock(&event->lock);
    ++event->count;
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->lock);
}

/* Waits until it has happened `count` times. */
static inline void event_wait(event *event, unsigned count) {
    pthread_mutex_lock(&event->lock);
    while (event->count < count) {
        pthread_cond_wait(&event->changed, &event->lock);
    }
    pthread_mutex_unlock(&event->lock);
}

static inline unsigned event_count(event *event) {
    pthread_mutex_lock(&event->lock);
    unsigned count = event->count;
    pthread_mutex_unlock(&event->lock);
    return count;
}

/* Work that says where it ran. */
typedef struct work {
    sl_loop *loop;
    pthread_t ran_on;
    event ran;
    event *gate; /* what it waits for before it returns; NULL = nothing */
    atomic_uint drops;
    void (*then)(struct work *work);
    void *more;
} work;

#define WORK(loop_)                                                                                \
    { .loop = (loop_), .ran = EVENT_INIT }

static inline void work_run(void *userdata) {
    work *work = userdata;
    work->ran_on = pthread_self();
    if (work->then != NULL) {
        work->then(work);
    }
    event_set(&work->ran);
    if (work->gate != NULL) {
        event_wait(work->gate, 1);
    }
}

static inline void work_drop(void *userdata) {
    atomic_fetch_add(&((work *)userdata)->drops, 1);
}

static inline void work_post(work *work) {
    SL_CHECK_OK(sl_loop_post(work->loop, SL_PRIORITY_NORMAL, work_run, work, work_drop));
}

static inline void work_post_main(work *work) {
    SL_CHECK_OK(sl_loop_post_main(work->loop, SL_PRIORITY_NORMAL, work_run, work, work_drop));
}

static inline bool work_ran_here(const work *work) {
    return pthread_equal(work->ran_on, pthread_self()) != 0;
}

static inline void drive(sl_loop *loop) {
    SL_CHECK_OK(sl_loop_drive_start(loop, NULL));
}

static inline sl_drive_stats drive_stats(sl_loop *loop) {
    sl_drive_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_loop_read_drive_stats(loop, &stats));
    return stats;
}

#endif /* DRIVE_TEST_H */
