/*
 * A host with a Lua of its own, for the tests of scriptloop_lua.h. Each program with it is compiled
 * against several Luas. What its scripts can call besides `callbacks` is the table `host`:
 *
 *     host.log()                    the lines that the library has logged, and forgets them
 *     host.enqueue(id, ...)         from another thread, which has ended when this returns
 *     host.poll_with(name, f, on)   adds a poller that calls f
 *     host.advance(ms)              moves the loop's clock
 *     host.poll()                   polls the loop
 *     host.stats()                  the statistics, as a table
 *     host.add_loop(name)           another loop, which scripts can name
 *     host.wait_ready(n)            waits until so many results of jobs can be polled
 *     host.wakes(name)              how often that loop's step found a wake
 */
#ifndef LUA_HOST_H
#define LUA_HOST_H

#include "sl_host.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <scriptloop_lua.h>

typedef struct lua_host {
    lua_State *L;
    sl_loop *loop;
    sl_callbacks *callbacks;
    sl_loop *others[4];
    sl_script_runner *runner;
    sl_jobs *jobs;
    unsigned drops; /* of the payloads of jobs */
    char log[2048];
} lua_host;

static inline void lua_host_log(void *userdata, uint32_t level, const char *text, size_t len) {
    lua_host *host = (lua_host *)userdata;
    SL_CHECK(level <= SL_LOG_LEVEL_WARN);
    SL_CHECK(strlen(host->log) + len + 2 < sizeof host->log);
    strncat(host->log, text, len);
    strcat(host->log, "\n");
}

static inline lua_host *lua_host_of(lua_State *L) {
    return (lua_host *)lua_touserdata(L, lua_upvalueindex(1));
}

static inline int lua_host_read_log(lua_State *L) {
    lua_host *host = lua_host_of(L);
    lua_pushstring(L, host->log);
    host->log[0] = '\0';
    return 1;
}

typedef struct lua_host_errand {
    sl_callbacks *callbacks;
    sl_callback_id id;
    const sl_value *value;
} lua_host_errand;

static inline void *lua_host_run_errand(void *argument) {
    lua_host_errand *errand = (lua_host_errand *)argument;
    SL_CHECK_OK(sl_callbacks_enqueue_value(errand->callbacks, errand->id, errand->value));
    return NULL;
}

static inline int lua_host_enqueue(lua_State *L) {
    lua_host *host = lua_host_of(L);
    sl_callback_id id = (sl_callback_id)luaL_checknumber(L, 1);
    int count = lua_gettop(L);
    for (int at = 2; at <= count; at++) {
        lua_host_errand errand = {host->callbacks, id, sl_lua_to_value(L, at)};
        host_join(host_thread(lua_host_run_errand, &errand));
    }
    return 0;
}

static inline void lua_host_poll(lua_State *L, void *userdata) {
    int *reference = (int *)userdata;
    lua_rawgeti(L, LUA_REGISTRYINDEX, *reference);
    lua_call(L, 0, 0);
}

static inline int lua_host_poll_with(lua_State *L) {
    int *reference = (int *)malloc(sizeof *reference);
    lua_pushvalue(L, 2);
    *reference = luaL_ref(L, LUA_REGISTRYINDEX);
    SL_CHECK_OK(sl_lua_add_poller(L, luaL_checkstring(L, 1), lua_host_poll, reference, free,
                                  lua_toboolean(L, 3) ? SL_LUA_POLLER_DEFAULT_ON : 0u));
    return 0;
}

static inline int lua_host_advance(lua_State *L) {
    uint64_t ns = (uint64_t)(luaL_checknumber(L, 1) * 1000000);
    SL_CHECK_OK(sl_loop_advance(lua_host_of(L)->loop, ns));
    return 0;
}

static inline int lua_host_poll_loop(lua_State *L) {
    lua_pushnumber(L, (lua_Number)host_poll(lua_host_of(L)->loop));
    return 1;
}

/* They add up whenever they are read. */
static inline sl_callbacks_stats lua_host_stats(const lua_host *host) {
    sl_callbacks_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_callbacks_read_stats(host->callbacks, &stats));
    SL_CHECK_EQ(stats.accepted, stats.delivered + stats.unknown + stats.dropped + stats.pending);
    return stats;
}

static inline int lua_host_read_stats(lua_State *L) {
    sl_callbacks_stats stats = lua_host_stats(lua_host_of(L));
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {{"registered", stats.registered}, {"accepted", stats.accepted},
                  {"delivered", stats.delivered},   {"failed", stats.failed},
                  {"unknown", stats.unknown},       {"pending", stats.pending}};
    lua_newtable(L);
    for (size_t at = 0; at < sizeof fields / sizeof *fields; at++) {
        lua_pushnumber(L, (lua_Number)fields[at].value);
        lua_setfield(L, -2, fields[at].name);
    }
    return 1;
}

/* Where there is a libuv, the loop of this name waits in it. */
static inline sl_loop *lua_host_other_loop(const char *name) {
    sl_loop_config config = host_loop_config();
    sl_loop *loop = NULL;
    bool is_available = false;
    SL_CHECK_OK(sl_backend_is_available(SL_BACKEND_UV, &is_available));
    config.backend = strcmp(name, "uv") == 0 && is_available ? SL_BACKEND_UV : SL_BACKEND_DEFAULT;
    SL_CHECK_OK(sl_loop_new(&config, &loop));
    return loop;
}

static inline int lua_host_add_loop(lua_State *L) {
    lua_host *host = lua_host_of(L);
    size_t at = 0;
    while (host->others[at] != NULL) {
        at++;
        SL_CHECK(at < 4);
    }
    host->others[at] = lua_host_other_loop(luaL_checkstring(L, 1));
    SL_CHECK_OK(sl_lua_add_loop(L, luaL_checkstring(L, 1), host->others[at]));
    return 0;
}

static inline int lua_host_wakes(lua_State *L) {
    lua_host *host = lua_host_of(L);
    bool is_default = strcmp(luaL_checkstring(L, 1), "default") == 0;
    lua_pushnumber(L, (lua_Number)host_stats(is_default ? host->loop : host->others[0]).wakes);
    return 1;
}

static inline sl_jobs_stats lua_host_jobs_stats(const lua_host *host) {
    sl_jobs_stats stats = {.size = sizeof stats};
    SL_CHECK_OK(sl_jobs_read_stats(host->jobs, &stats));
    SL_CHECK_EQ(stats.accepted, stats.queued + stats.running + stats.ready + stats.delivered);
    return stats;
}

static inline int lua_host_wait_ready(lua_State *L) {
    lua_host *host = lua_host_of(L);
    while (lua_host_jobs_stats(host).ready < (uint64_t)luaL_checknumber(L, 1)) {
        SL_CHECK_OK(sl_loop_run_once(host->loop, 1000, NULL));
    }
    return 0;
}

/* Handlers of jobs: one fails, one gives numbers and memory that moves. */
static inline void lua_host_fail(void *userdata, sl_job *job) {
    (void)userdata;
    SL_CHECK_OK(sl_job_return_error(job, "no luck", 7));
}

static inline void lua_host_count_drop(void *userdata) {
    __atomic_fetch_add((unsigned *)userdata, 1, __ATOMIC_SEQ_CST);
}

static inline void lua_host_binary(void *userdata, sl_job *job) {
    static char bytes[] = "a\0b";
    sl_native_payload payload = {bytes, 3, 1, 1, userdata, lua_host_count_drop};
    for (uint32_t at = 0; at < 4; at++) {
        SL_CHECK_OK(sl_job_return_aux(job, at, (int64_t)at + 1));
    }
    SL_CHECK_OK(sl_job_return_payload(job, &payload));
}

static inline void lua_host_open_jobs(lua_host *host) {
    sl_script_runner_config config;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &host->runner));
    SL_CHECK_OK(sl_jobs_new(host->runner, host->loop, NULL, &host->jobs));
    SL_CHECK_OK(sl_jobs_register_builtins(host->jobs));
    SL_CHECK_OK(sl_jobs_register(host->jobs, "fail", 4, lua_host_fail, NULL, NULL));
    SL_CHECK_OK(sl_jobs_register(host->jobs, "binary", 6, lua_host_binary, &host->drops, NULL));
    SL_CHECK_OK(sl_lua_open_jobs(host->L, host->jobs));
}

static inline void lua_host_set(lua_host *host, const char *name, lua_CFunction function) {
    lua_pushlightuserdata(host->L, host);
    lua_pushcclosure(host->L, function, 1);
    lua_setfield(host->L, -2, name);
}

/* Opens a state with the module, whose loop has this clock. The host stays where it is. */
static inline void lua_host_open(lua_host *host, uint32_t clock) {
    sl_loop_config config = host_loop_config();
    config.clock = clock;
    memset(host, 0, sizeof *host);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_WARN, lua_host_log, host, NULL));
    SL_CHECK_OK(sl_loop_new(&config, &host->loop));
    host->L = luaL_newstate();
    luaL_openlibs(host->L);
    SL_CHECK_OK(sl_lua_open_callbacks(host->L, host->loop, NULL));
    host->callbacks = sl_lua_callbacks(host->L);
    lua_newtable(host->L);
    lua_host_set(host, "log", lua_host_read_log);
    lua_host_set(host, "enqueue", lua_host_enqueue);
    lua_host_set(host, "poll_with", lua_host_poll_with);
    lua_host_set(host, "advance", lua_host_advance);
    lua_host_set(host, "poll", lua_host_poll_loop);
    lua_host_set(host, "stats", lua_host_read_stats);
    lua_host_set(host, "add_loop", lua_host_add_loop);
    lua_host_set(host, "wakes", lua_host_wakes);
    lua_host_set(host, "wait_ready", lua_host_wait_ready);
    lua_setglobal(host->L, "host");
    SL_CHECK_EQ(luaL_dostring(host->L, "callbacks = require 'callbacks'"), 0);
    SL_CHECK_EQ(lua_gettop(host->L), 0);
}

static inline void lua_host_close(lua_host *host) {
    SL_CHECK_EQ(lua_gettop(host->L), 0);
    lua_close(host->L);
    SL_CHECK_OK(sl_jobs_free(host->jobs));
    SL_CHECK_OK(sl_script_runner_free(host->runner));
    for (size_t at = 0; at < 4; at++) {
        SL_CHECK_OK(sl_loop_free(host->others[at]));
    }
    SL_CHECK_OK(sl_loop_free(host->loop));
    SL_CHECK_STR_EQ(host->log, ""); /* every line was expected */
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_WARN, NULL, NULL, NULL));
}

/* Runs a chunk that must not fail. */
static inline void lua_host_run(lua_host *host, const char *chunk) {
    if (luaL_dostring(host->L, chunk)) {
        sl_test_fail(__FILE__, __LINE__, "%s", lua_tostring(host->L, -1));
    }
    lua_settop(host->L, 0);
}

#endif /* LUA_HOST_H */
