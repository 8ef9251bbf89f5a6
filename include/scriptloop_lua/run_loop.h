/* run-loop and set-loop. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_RUN_LOOP_H
#define SCRIPTLOOP_LUA_RUN_LOOP_H

/* Pollers that one run-loop may have. */
enum { SL_LUA__POLLERS_MAX = 32 };

/* What one run-loop was asked for. */
typedef struct sl_lua__run {
    const sl_lua__poller *pollers[SL_LUA__POLLERS_MAX];
    int pollers_len;
    int until; /* 0, or where the function is */
    sl_loop *loop;
    uint64_t sleep_ns;
    uint64_t deadline_ns; /* SL_UNLIMITED = none */
} sl_lua__run;

/* The loop with this name. Raises when there is none, and says which there are. */
SL_LUA_FN sl_loop *sl_lua__loop_named(lua_State *L, const sl_lua__module *module,
                                      const char *function, int index) {
    const sl_lua__loop *loop;
    const char *name;
    if (lua_type(L, index) != LUA_TSTRING) {
        sl_lua__error(L, "callbacks.%s loop must be a string", function);
    }
    name = lua_tostring(L, index);
    for (loop = module->loops; loop != NULL; loop = loop->next) {
        if (strcmp(loop->name, name) == 0) {
            return loop->loop;
        }
    }
    lua_pushfstring(L, "callbacks.%s unknown loop '%s'; known:", function, name);
    for (loop = module->loops; loop != NULL; loop = loop->next) {
        lua_pushfstring(L, " %s%s", loop->name, loop->next == NULL ? "" : ",");
        lua_concat(L, 2);
    }
    lua_error(L);
    return NULL;
}

/* A number of milliseconds; `otherwise` when the option is not there. */
SL_LUA_FN int64_t sl_lua__ms_option(lua_State *L, int options, const char *name,
                                    int64_t otherwise) {
    int64_t ms = otherwise;
    sl_lua__option(L, options, name);
    if (!lua_isnil(L, -1)) {
        if (lua_type(L, -1) != LUA_TNUMBER) {
            sl_lua__error(L, "callbacks.run-loop %s must be a number", name);
        }
        if (!(lua_tonumber(L, -1) >= 0)) {
            sl_lua__error(L, "callbacks.run-loop value must be non-negative");
        }
        ms = sl_lua__integer(L, -1);
    }
    lua_pop(L, 1);
    return ms;
}

SL_LUA_FN uint64_t sl_lua__nanoseconds(int64_t ms) {
    return (uint64_t)ms > UINT64_MAX / 2000000 ? UINT64_MAX / 2 : (uint64_t)ms * 1000000;
}

SL_LUA_FN uint64_t sl_lua__now(lua_State *L, sl_loop *loop) {
    uint64_t now = 0;
    sl_lua__check(L, "run-loop", sl_loop_now(loop, &now));
    return now;
}

/* Reads the options, if there are any, which are the first argument. */
SL_LUA_FN void sl_lua__read_run(lua_State *L, const sl_lua__module *module, sl_lua__run *run) {
    const sl_lua__poller *poller;
    int64_t sleep_ms = 1, timeout_ms = 0;
    bool has_options = !lua_isnoneornil(L, 1);
    bool all_wake = true;
    if (has_options && !lua_istable(L, 1)) {
        sl_lua__error(L, "callbacks.run-loop options must be a table");
    }
    lua_settop(L, 1);
    run->until = 0;
    run->pollers_len = 0;
    run->loop = module->loop;
    for (poller = module->pollers; poller != NULL; poller = poller->next) {
        bool on = (poller->flags & SL_LUA_POLLER_DEFAULT_ON) != 0;
        if (has_options) {
            sl_lua__option(L, 1, poller->option);
            on = lua_isboolean(L, -1) ? lua_toboolean(L, -1) != 0 : on;
            lua_pop(L, 1);
        }
        if (on && run->pollers_len < SL_LUA__POLLERS_MAX) {
            run->pollers[run->pollers_len++] = poller;
            all_wake = all_wake && (poller->flags & SL_LUA_POLLER_WAKES) != 0;
        }
    }
    if (has_options) {
        sleep_ms = sl_lua__ms_option(L, 1, "sleep-ms", sleep_ms);
        timeout_ms = sl_lua__ms_option(L, 1, "timeout-ms", timeout_ms);
        lua_getfield(L, 1, "loop");
        if (!lua_isnil(L, -1)) {
            run->loop = sl_lua__loop_named(L, module, "run-loop", -1);
        }
        lua_pop(L, 1);
        lua_getfield(L, 1, "until");
        if (lua_type(L, -1) == LUA_TFUNCTION) {
            run->until = lua_gettop(L);
        }
    }
    if (all_wake && sleep_ms == 0) {
        sleep_ms = module->idle_wait_ms;
    }
    run->sleep_ns = sl_lua__nanoseconds(sleep_ms);
    if (all_wake && run->until == 0 && sleep_ms != 0) {
        /* Nothing is asked between two wakes that could change without one. */
        run->sleep_ns = SL_UNLIMITED;
    }
    run->deadline_ns = SL_UNLIMITED;
    if (timeout_ms != 0) {
        run->deadline_ns = sl_lua__now(L, run->loop) + sl_lua__nanoseconds(timeout_ms);
    }
}

/* Whether the script says that it is enough. */
SL_LUA_FN bool sl_lua__is_done(lua_State *L, const sl_lua__run *run) {
    bool done;
    if (run->until == 0) {
        return false;
    }
    lua_pushvalue(L, run->until);
    lua_call(L, 0, 1); /* its error is the script's */
    done = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return done;
}

/* Waits until something comes, and runs what the loop has. */
SL_LUA_FN void sl_lua__wait(lua_State *L, const sl_lua__run *run, uint64_t now) {
    uint64_t wait = run->sleep_ns;
    sl_step step;
    sl_lua__check(L, "run-loop", sl_step_init(&step, sizeof step));
    if (run->deadline_ns != SL_UNLIMITED && run->deadline_ns - now < wait) {
        wait = run->deadline_ns - now;
    }
    step.flags = SL_STEP_FLAG_NESTED;
    step.max_wait_us = wait == SL_UNLIMITED ? SL_UNLIMITED : (wait + 999) / 1000;
    sl_lua__check(L, "run-loop", sl_loop_step(run->loop, &step, NULL));
}

/* Turn by turn: pollers, callbacks, `until`, timeout, wait. Gives whether `until` said so. */
SL_LUA_FN bool sl_lua__turns(lua_State *L, const sl_lua__module *module, const sl_lua__run *run) {
    for (;;) {
        int at;
        uint64_t now = 0;
        for (at = 0; at < run->pollers_len && module->callbacks != NULL; at++) {
            run->pollers[at]->poll(L, run->pollers[at]->userdata);
        }
        if (module->callbacks == NULL) {
            sl_lua__error(L, "callbacks.run-loop: callbacks were shut down");
        }
        sl_lua__dispatch(L, module, "run-loop", 0);
        if (sl_lua__is_done(L, run)) {
            return true;
        }
        if (run->deadline_ns != SL_UNLIMITED) {
            now = sl_lua__now(L, run->loop);
            if (now >= run->deadline_ns) {
                return false;
            }
        }
        sl_lua__wait(L, run, now);
    }
}

/* The same as a function of Lua's: gets the run, and `until` on top of it. */
SL_LUA_FN int sl_lua__protected_turns(lua_State *L) {
    sl_lua__module *module = (sl_lua__module *)lua_touserdata(L, 1);
    sl_lua__run *run = (sl_lua__run *)lua_touserdata(L, 2);
    run->until = lua_isnil(L, 3) ? 0 : 3;
    lua_pushboolean(L, sl_lua__turns(L, module, run));
    return 1;
}

/* Has `loop` woken by what is enqueued. */
SL_LUA_FN void sl_lua__wake_loop(lua_State *L, sl_lua__module *module, const char *function,
                                 sl_loop *loop) {
    sl_lua__check(L, function, sl_callbacks_set_loop(module->callbacks, loop));
    module->woken = loop;
}

/* On another loop than the one that is woken: that one is woken again afterwards, in any case. */
SL_LUA_FN void sl_lua__turns_elsewhere(lua_State *L, sl_lua__module *module, sl_lua__run *run) {
    sl_loop *before = module->woken;
    int failed;
    lua_pushcfunction(L, sl_lua__protected_turns);
    lua_pushlightuserdata(L, module);
    lua_pushlightuserdata(L, run);
    if (run->until == 0) {
        lua_pushnil(L);
    } else {
        lua_pushvalue(L, run->until);
    }
    sl_lua__wake_loop(L, module, "run-loop", run->loop);
    failed = lua_pcall(L, 3, 1, 0);
    if (module->callbacks != NULL && sl_callbacks_set_loop(module->callbacks, before) == 0) {
        module->woken = before;
    }
    if (failed) {
        lua_error(L);
    }
}

/* callbacks["run-loop"](options) -> true when `until` said so, false at the timeout */
SL_LUA_FN int sl_lua__do_run_loop(lua_State *L) {
    sl_lua__module *module = sl_lua__self(L, "run-loop");
    sl_lua__run run;
    luaL_checkstack(L, 10, "callbacks.run-loop");
    sl_lua__read_run(L, module, &run);
    if (run.loop == module->woken) {
        lua_pushboolean(L, sl_lua__turns(L, module, &run));
    } else {
        sl_lua__turns_elsewhere(L, module, &run);
    }
    return 1;
}

/* callbacks["set-loop"](name) */
SL_LUA_FN int sl_lua__do_set_loop(lua_State *L) {
    sl_lua__module *module = sl_lua__self(L, "set-loop");
    sl_loop *loop = sl_lua__loop_named(L, module, "set-loop", 1);
    sl_lua__wake_loop(L, module, "set-loop", loop);
    module->loop = loop;
    return 0;
}

#endif /* SCRIPTLOOP_LUA_RUN_LOOP_H */
