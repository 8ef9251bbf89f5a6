/*
 * scriptloop for the host's own Lua: the modules `callbacks` and `jobs`, and values between its
 * stack and ours.
 *
 * The host compiles this header against its own lua.h: Lua 5.1, 5.3, 5.4, 5.5 or LuaJIT, as C99 or
 * C++17. It uses nothing but the public API of that Lua and of scriptloop.h, so that the Lua inside
 * of the library never meets a state of the host's.
 *
 *     sl_loop *loop;
 *     sl_loop_new(NULL, &loop);
 *     sl_lua_open_callbacks(L, loop, NULL);        // require "callbacks" works from now on
 *     sl_callbacks *callbacks = sl_lua_callbacks(L); // any thread may enqueue through this
 *     sl_lua_open_jobs(L, jobs);                   // and require "jobs"
 *
 * Conventions: as in scriptloop.h. All functions here belong to the thread that owns the loop, and
 * to the state that they are given or one of its coroutines. Those that return a status raise no
 * Lua error, unless the module is not open yet and the state has no memory even to look for it; the
 * opening calls never do. The others say when they raise. A Lua that is compiled as C++ wants its
 * headers included before this one; otherwise this one includes them as C.
 *
 * What a script sees:
 *
 *     local callbacks = require "callbacks"
 *     local id = callbacks.register(function(payload) ... end)   -- also register-once
 *     callbacks.enqueue(id, {any = "value"})
 *     callbacks.dispatch()                                       -- or dispatch(max)
 *     callbacks["run-loop"] {["until"] = done, ["timeout-ms"] = 2000}
 *     local timer = callbacks["set-timer"](250, tick, 250)       -- cancel-timer(timer)
 *     callbacks.unregister(id)
 *
 *     require("jobs").submit("kind", "payload", function(result) ... end)
 *
 * Names with a dash exist with an underscore, too.
 */
#ifndef SCRIPTLOOP_LUA_H
#define SCRIPTLOOP_LUA_H

#include "scriptloop.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(lua_h) || !defined(lauxlib_h)
#ifdef __cplusplus
extern "C" {
#endif
#include "lauxlib.h"
#include "lua.h"
#ifdef __cplusplus
}
#endif
#endif

/* What a run-loop polls in each turn; may raise Lua errors, which the script gets. */
typedef void (*sl_lua_poll_fn)(lua_State *L, void *userdata);

/* Bits of the flags of sl_lua_add_poller. */
enum {
    SL_LUA_POLLER_DEFAULT_ON = 1, /* polled unless the script says poll-<name> = false */
    SL_LUA_POLLER_WAKES = 2       /* whoever has something for it wakes the loop */
};

#include "scriptloop_lua/compat.h"
#include "scriptloop_lua/value.h"

#include "scriptloop_lua/job_result.h"
#include "scriptloop_lua/refs.h"

#include "scriptloop_lua/callbacks.h"
#include "scriptloop_lua/run_loop.h"
#include "scriptloop_lua/timers.h"

#include "scriptloop_lua/open.h"

#include "scriptloop_lua/jobs.h"

#endif /* SCRIPTLOOP_LUA_H */
