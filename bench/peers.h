/* The Rust peers (bench/peers): see there for what each function measures and how. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *peers_channel_version(void);
const char *peers_queue_version(void);
const char *peers_mlua_version(void);

/* crossbeam-channel as a waker */
typedef struct peers_waker peers_waker;
peers_waker *peers_waker_new(void);
void peers_waker_free(peers_waker *waker);
void peers_waker_wake(const peers_waker *waker);
void peers_waker_wait(const peers_waker *waker);

/* crossbeam's ArrayQueue: ns per item, measured inside */
double peers_array_queue_tight(uint32_t producers, uint64_t items, uint32_t capacity,
                               void (*place_consumer)(void));
double peers_array_queue_frames(uint32_t producers, uint64_t frames, uint64_t per_frame,
                                uint32_t capacity);
void peers_array_queue_bursts(size_t bursts, uint32_t capacity, double *out_ns);

/* mlua and crossbeam-channel as a script pool */
typedef struct peers_pool peers_pool;
peers_pool *peers_pool_new(uint32_t workers, const char *source, size_t source_len,
                           bool compile_each);
void peers_pool_free(peers_pool *pool);
double peers_pool_throughput(const peers_pool *pool, uint64_t jobs, uint64_t window,
                             int64_t expected);
void peers_pool_latency(const peers_pool *pool, size_t samples, uint64_t idle_ns, int64_t expected,
                        double *out_ns);
uint64_t peers_calibrate_turns(const char *source, size_t source_len, uint64_t target_ns);

/* a bare mlua state, for its size and its speed */
typedef struct peers_state peers_state;
peers_state *peers_state_new(void);
void peers_state_free(peers_state *state);
size_t peers_state_lua_bytes(const peers_state *state);
double peers_state_run(const peers_state *state, const char *source, size_t source_len);

#ifdef __cplusplus
}
#endif
