/*
 * scriptloop_uv.h: the host's own libuv for loops with SL_BACKEND_UV. C99 and C++11.
 *
 * Compile it against the uv.h of the libuv that the program is linked with, of version 1.44 or
 * newer. It does not matter how that is linked. Then, for a loop in the host's uv_loop_t:
 *
 *     sl_loop_config config;
 *     sl_loop_config_init(&config, sizeof config);
 *     config.backend = SL_BACKEND_UV;
 *     config.uv = sl_uv_functions();
 *     config.uv_loop = uv_default_loop();
 *     sl_loop_new(&config, &loop);
 *
 * uv_run calls it from now on. Without uv_loop the loop makes one for itself, which
 * sl_loop_uv_loop gives. docs/embed-uv.md tells the rest.
 */
#ifndef SCRIPTLOOP_UV_H
#define SCRIPTLOOP_UV_H

#include <stdint.h>
#include <uv.h>

#include "scriptloop.h"

#if UV_VERSION_MAJOR != 1 || UV_VERSION_MINOR < 44
#error "scriptloop_uv.h needs libuv 1.44 or newer"
#endif

#ifdef __cplusplus
extern "C" {
#endif

static inline uint32_t sl_uv__version(void) {
    return uv_version();
}

static inline size_t sl_uv__loop_size(void) {
    return uv_loop_size();
}

static inline int32_t sl_uv__loop_init(void *loop) {
    return uv_loop_init((uv_loop_t *)loop);
}

static inline int32_t sl_uv__loop_close(void *loop) {
    return uv_loop_close((uv_loop_t *)loop);
}

static inline int32_t sl_uv__loop_alive(const void *loop) {
    return uv_loop_alive((const uv_loop_t *)loop);
}

static inline int32_t sl_uv__run(void *loop, uint32_t mode) {
    return uv_run((uv_loop_t *)loop, (uv_run_mode)mode);
}

static inline void sl_uv__stop(void *loop) {
    uv_stop((uv_loop_t *)loop);
}

static inline void sl_uv__update_time(void *loop) {
    uv_update_time((uv_loop_t *)loop);
}

static inline int32_t sl_uv__backend_fd(const void *loop) {
    return uv_backend_fd((const uv_loop_t *)loop);
}

static inline int32_t sl_uv__backend_timeout(const void *loop) {
    return uv_backend_timeout((const uv_loop_t *)loop);
}

/* What a walk calls, and for what. */
typedef struct sl_uv__walker {
    void (*see)(void *handle, void *argument);
    void *argument;
} sl_uv__walker;

static inline void sl_uv__see(uv_handle_t *handle, void *argument) {
    sl_uv__walker *walker = (sl_uv__walker *)argument;
    walker->see(handle, walker->argument);
}

static inline void sl_uv__walk(void *loop, void (*see)(void *handle, void *argument),
                               void *argument) {
    sl_uv__walker walker;
    walker.see = see;
    walker.argument = argument;
    uv_walk((uv_loop_t *)loop, sl_uv__see, &walker);
}

static inline size_t sl_uv__handle_size(uint32_t kind) {
    return uv_handle_size((uv_handle_type)kind);
}

static inline void sl_uv__handle_set_data(void *handle, void *data) {
    uv_handle_set_data((uv_handle_t *)handle, data);
}

static inline int32_t sl_uv__is_closing(const void *handle) {
    return uv_is_closing((const uv_handle_t *)handle);
}

/* A callback of ours takes the handle as void *, which is how all of libuv's are passed. */
static inline void sl_uv__close(void *handle, void (*closed)(void *handle)) {
    uv_close((uv_handle_t *)handle, (uv_close_cb)closed);
}

static inline void sl_uv__ref(void *handle) {
    uv_ref((uv_handle_t *)handle);
}

static inline void sl_uv__unref(void *handle) {
    uv_unref((uv_handle_t *)handle);
}

static inline int32_t sl_uv__async_init(void *loop, void *handle, void (*called)(void *handle)) {
    return uv_async_init((uv_loop_t *)loop, (uv_async_t *)handle, (uv_async_cb)called);
}

static inline int32_t sl_uv__async_send(void *handle) {
    return uv_async_send((uv_async_t *)handle);
}

static inline int32_t sl_uv__timer_init(void *loop, void *handle) {
    return uv_timer_init((uv_loop_t *)loop, (uv_timer_t *)handle);
}

static inline int32_t sl_uv__timer_start(void *handle, void (*called)(void *handle),
                                         uint64_t timeout_ms, uint64_t repeat_ms) {
    return uv_timer_start((uv_timer_t *)handle, (uv_timer_cb)called, timeout_ms, repeat_ms);
}

static inline int32_t sl_uv__timer_stop(void *handle) {
    return uv_timer_stop((uv_timer_t *)handle);
}

/* The functions of this libuv, for sl_loop_config.uv. Never NULL; valid for ever. */
static inline const sl_uv_api *sl_uv_functions(void) {
    static const sl_uv_api functions = {
        sizeof(sl_uv_api),
        sl_uv__version,
        sl_uv__loop_size,
        sl_uv__loop_init,
        sl_uv__loop_close,
        sl_uv__loop_alive,
        sl_uv__run,
        sl_uv__stop,
        sl_uv__update_time,
        sl_uv__backend_fd,
        sl_uv__backend_timeout,
        sl_uv__walk,
        sl_uv__handle_size,
        sl_uv__handle_set_data,
        sl_uv__is_closing,
        sl_uv__close,
        sl_uv__ref,
        sl_uv__unref,
        sl_uv__async_init,
        sl_uv__async_send,
        sl_uv__timer_init,
        sl_uv__timer_start,
        sl_uv__timer_stop,
    };
    return &functions;
}

#ifdef __cplusplus
}
#endif

#endif /* SCRIPTLOOP_UV_H */
