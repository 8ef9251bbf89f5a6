/* What the tests against a host's libuv share. */
#ifndef UV_TEST_H
#define UV_TEST_H

#include "../drive_test.h"
#include "scriptloop_uv.h"

/* A config for the host's libuv; without `uv_loop` the loop has one of its own. */
static inline sl_loop_config uv_config(uv_loop_t *uv_loop) {
    sl_loop_config config;
    SL_CHECK_OK(sl_loop_config_init(&config, sizeof config));
    config.backend = SL_BACKEND_UV;
    config.uv = sl_uv_functions();
    config.uv_loop = uv_loop;
    return config;
}

static inline sl_loop *uv_made(const sl_loop_config *config) {
    sl_loop *loop = NULL;
    SL_CHECK_OK(sl_loop_new(config, &loop));
    return loop;
}

/* A loop with a uv_loop_t of its own. */
static inline sl_loop *uv_own(uv_loop_t **uv_loop) {
    sl_loop_config config = uv_config(NULL);
    sl_loop *loop = uv_made(&config);
    void *found = NULL;
    SL_CHECK_OK(sl_loop_uv_loop(loop, &found));
    *uv_loop = (uv_loop_t *)found;
    return loop;
}

/* A loop in the host's. */
static inline sl_loop *uv_lent(uv_loop_t *uv_loop) {
    sl_loop_config config = uv_config(uv_loop);
    return uv_made(&config);
}

/* Lets go of what is closing; nothing else is in it. */
static inline void uv_end(uv_loop_t *uv_loop) {
    SL_CHECK_EQ(uv_run(uv_loop, UV_RUN_DEFAULT), 0);
    SL_CHECK_EQ(uv_loop_close(uv_loop), 0);
}

/* A timer of the host's that counts. */
typedef struct uv_ticker {
    uv_timer_t timer;
    unsigned ticks;
    void (*then)(struct uv_ticker *ticker);
    void *more;
} uv_ticker;

static inline void uv_tick(uv_timer_t *timer) {
    uv_ticker *ticker = (uv_ticker *)timer->data;
    ++ticker->ticks;
    if (ticker->then != NULL) {
        ticker->then(ticker);
    }
}

static inline void uv_ticker_start(uv_loop_t *uv_loop, uv_ticker *ticker, uint64_t delay_ms,
                                   uint64_t repeat_ms) {
    SL_CHECK_EQ(uv_timer_init(uv_loop, &ticker->timer), 0);
    ticker->timer.data = ticker;
    SL_CHECK_EQ(uv_timer_start(&ticker->timer, uv_tick, delay_ms, repeat_ms), 0);
}

static inline void uv_ticker_close(uv_ticker *ticker) {
    uv_close((uv_handle_t *)&ticker->timer, NULL);
}

#endif /* UV_TEST_H */
