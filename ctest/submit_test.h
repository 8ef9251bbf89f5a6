/* What the tests of the host's own pool share: two threads that run what a runner submits. */
#ifndef SUBMIT_TEST_H
#define SUBMIT_TEST_H

#include <pthread.h>

#include "sl_test.h"

/* A pool of the host's: two threads that run what is submitted. */
typedef struct pool {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct {
        sl_script_task_fn run;
        void *task;
    } tasks[64];
    size_t tasks_len;
    int ran;
    bool over;
    pthread_t threads[2];
} pool;

static inline void pool_submit(void *userdata, sl_script_task_fn run, void *task) {
    pool *pool = userdata;
    SL_CHECK_EQ(pthread_mutex_lock(&pool->lock), 0);
    SL_CHECK(pool->tasks_len < 64);
    pool->tasks[pool->tasks_len].run = run;
    pool->tasks[pool->tasks_len++].task = task;
    SL_CHECK_EQ(pthread_cond_signal(&pool->news), 0);
    SL_CHECK_EQ(pthread_mutex_unlock(&pool->lock), 0);
}

static inline void *pool_work(void *userdata) {
    pool *pool = userdata;
    SL_CHECK_EQ(pthread_mutex_lock(&pool->lock), 0);
    while (!pool->over || pool->tasks_len != 0) {
        if (pool->tasks_len == 0) {
            SL_CHECK_EQ(pthread_cond_wait(&pool->news, &pool->lock), 0);
            continue;
        }
        pool->tasks_len--;
        sl_script_task_fn run = pool->tasks[pool->tasks_len].run;
        void *task = pool->tasks[pool->tasks_len].task;
        pool->ran++;
        SL_CHECK_EQ(pthread_mutex_unlock(&pool->lock), 0);
        run(task);
        SL_CHECK_EQ(pthread_mutex_lock(&pool->lock), 0);
    }
    SL_CHECK_EQ(pthread_mutex_unlock(&pool->lock), 0);
    return NULL;
}

static inline void pool_start(pool *pool) {
    memset(pool, 0, sizeof *pool);
    SL_CHECK_EQ(pthread_mutex_init(&pool->lock, NULL), 0);
    SL_CHECK_EQ(pthread_cond_init(&pool->news, NULL), 0);
    for (int i = 0; i < 2; i++) {
        SL_CHECK_EQ(pthread_create(&pool->threads[i], NULL, pool_work, pool), 0);
    }
}

static inline void pool_end(pool *pool) {
    SL_CHECK_EQ(pthread_mutex_lock(&pool->lock), 0);
    pool->over = true;
    SL_CHECK_EQ(pthread_cond_broadcast(&pool->news), 0);
    SL_CHECK_EQ(pthread_mutex_unlock(&pool->lock), 0);
    for (int i = 0; i < 2; i++) {
        SL_CHECK_EQ(pthread_join(pool->threads[i], NULL), 0);
    }
}

#endif /* SUBMIT_TEST_H */
