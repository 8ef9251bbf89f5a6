/* What callbacks on workers saw, in order. */
#ifndef SCRIPT_SEEN_H
#define SCRIPT_SEEN_H

#include <pthread.h>

#include "script_test.h"

enum { SEEN_MAX = 64 };

/* What a callback on a worker saw. */
typedef struct seen {
    pthread_mutex_t lock;
    uint64_t owners[SEEN_MAX];
    uint32_t workers[SEEN_MAX];
    uint32_t outcomes[SEEN_MAX];
    size_t results;
    size_t drops;
    pthread_t thread;
    sem_t one_more;
} seen;

static inline void seen_init(seen *seen) {
    memset(seen, 0, sizeof *seen);
    pthread_mutex_init(&seen->lock, NULL);
    sem_init(&seen->one_more, 0, 0);
}

static inline void see(void *userdata, const sl_script_result *result) {
    seen *seen = userdata;
    pthread_mutex_lock(&seen->lock);
    SL_CHECK(seen->results < SEEN_MAX);
    seen->owners[seen->results] = result->owner;
    seen->workers[seen->results] = result->worker;
    seen->outcomes[seen->results] = result->outcome;
    seen->results++;
    seen->thread = pthread_self();
    pthread_mutex_unlock(&seen->lock);
}

static inline void see_drop(void *userdata) {
    seen *seen = userdata;
    pthread_mutex_lock(&seen->lock);
    seen->drops++;
    pthread_mutex_unlock(&seen->lock);
    sem_post(&seen->one_more);
}

static inline void seen_wait(seen *seen, size_t drops) {
    while (drops-- > 0) {
        while (sem_wait(&seen->one_more) != 0) {
        }
    }
}

static inline sl_script_job seen_job(seen *seen, const char *source, uint64_t owner) {
    sl_script_job job = job_of(source);
    job.owner = owner;
    job.delivery = SL_DELIVERY_WORKER;
    job.on_result = see;
    job.userdata = seen;
    job.drop = see_drop;
    return job;
}

#endif /* SCRIPT_SEEN_H */
