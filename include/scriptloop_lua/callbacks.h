/* register, unregister, enqueue, dispatch, and what is called. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_CALLBACKS_H
#define SCRIPTLOOP_LUA_CALLBACKS_H

/* Something that a run-loop polls, in a list. */
typedef struct sl_lua__poller {
    struct sl_lua__poller *next;
    sl_lua_poll_fn poll;
    void *userdata;
    sl_drop_fn drop;
    unsigned flags;
    unsigned rank;   /* lower ones come first in a turn */
    char option[40]; /* "poll-<name>" */
} sl_lua__poller;

/* A loop that scripts know by name, in a list. */
typedef struct sl_lua__loop {
    struct sl_lua__loop *next;
    sl_loop *loop;
    char name[32];
} sl_lua__loop;

/* What one state has: a userdata in its registry, which goes with it. */
typedef struct sl_lua__module {
    lua_State *L;            /* the main thread, where callbacks are called */
    sl_callbacks *callbacks; /* NULL after the shutdown */
    sl_loop *loop;           /* where run-loop waits, unless it is told otherwise */
    sl_loop *woken;          /* by what is enqueued: where the innermost run-loop waits */
    sl_lua__loop *loops;
    sl_lua__poller *pollers; /* in the order of a turn */
    uint32_t idle_wait_ms;   /* instead of a sleep-ms of 0 */
    int invoke;              /* a reference in the registry, for good */
    sl_lua__refs refs;
} sl_lua__module;

/* A timer of a script, which its function and the loop both know. */
typedef struct sl_lua__timer {
    sl_callbacks *callbacks;
    sl_callback_id id;
    sl_loop *loop;
    sl_timer_id timer;
    bool waits; /* it fired, and its function has not been called yet */
    int owners;
} sl_lua__timer;

/* A Lua value that the library keeps: a function under its number, or a payload. */
typedef struct sl_lua__kept {
    sl_lua__module *module;
    int place;            /* in the module's refs */
    sl_lua__timer *timer; /* NULL for most */
} sl_lua__kept;

/* What the functions of the module have as their upvalue. Raises after the shutdown. */
SL_LUA_FN sl_lua__module *sl_lua__self(lua_State *L, const char *name) {
    sl_lua__module *module = (sl_lua__module *)lua_touserdata(L, lua_upvalueindex(1));
    if (module->callbacks == NULL) {
        sl_lua__error(L, "callbacks.%s: callbacks were shut down", name);
    }
    return module;
}

SL_LUA_FN void sl_lua__check(lua_State *L, const char *name, sl_status status) {
    if (status != SL_STATUS_OK) {
        sl_lua__error(L, "callbacks.%s: %s", name, sl_status_text(status));
    }
}

/* Keeps the value on top of the stack, which is popped. */
SL_LUA_FN sl_lua__kept *sl_lua__keep(lua_State *L, sl_lua__module *module) {
    int place = sl_lua__ref(L, &module->refs);
    sl_lua__kept *kept = (sl_lua__kept *)malloc(sizeof *kept);
    if (kept == NULL) {
        sl_lua__unref(L, &module->refs, place);
        sl_lua__error(L, "not enough memory");
    }
    kept->module = module;
    kept->place = place;
    kept->timer = NULL;
    return kept;
}

SL_LUA_FN void sl_lua__release_timer(void *userdata) {
    sl_lua__timer *timer = (sl_lua__timer *)userdata;
    if (--timer->owners == 0) {
        free(timer);
    }
}

/* What the library calls when it needs a value no more. */
SL_LUA_FN void sl_lua__drop_kept(void *userdata) {
    sl_lua__kept *kept = (sl_lua__kept *)userdata;
    sl_lua__unref(kept->module->L, &kept->module->refs, kept->place);
    if (kept->timer != NULL) {
        sl_loop_cancel_timer(kept->timer->loop, kept->timer->timer, NULL);
        sl_lua__release_timer(kept->timer);
    }
    free(kept);
}

/* The builder of payloads that are kept. */
SL_LUA_FN sl_status sl_lua__push_kept(void *userdata, void *target) {
    const sl_lua__kept *kept = (const sl_lua__kept *)userdata;
    sl_lua__push_ref((lua_State *)target, &kept->module->refs, kept->place);
    return SL_STATUS_OK;
}

typedef struct sl_lua__invocation {
    sl_lua__kept *function;
    const sl_callback_call *call;
} sl_lua__invocation;

/* Calls a function with a payload whose making may raise. */
SL_LUA_FN int sl_lua__invoke(lua_State *L) {
    const sl_lua__invocation *invocation = (const sl_lua__invocation *)lua_touserdata(L, 1);
    const sl_callback_call *call = invocation->call;
    sl_lua__push_kept(invocation->function, L);
    if (call->job != NULL) {
        sl_lua_push_job_result(L, call->job);
    } else if (call->build == NULL) {
        sl_lua_push_value(L, call->value);
    } else {
        int top = lua_gettop(L);
        sl_status status = call->build(call->build_userdata, L);
        if (status != SL_STATUS_OK) {
            return sl_lua__error(L, "the builder of the payload failed: %s",
                                 sl_status_text(status));
        }
        lua_settop(L, top + 1); /* one value, also of a builder that pushed none or several */
    }
    lua_call(L, 1, 0);
    return 0;
}

/* Pushes a payload that needs no memory; false if it needs some. */
SL_LUA_FN bool sl_lua__push_plain(lua_State *L, const sl_callback_call *call) {
    if (call->value == NULL) {
        return call->build == sl_lua__push_kept &&
               sl_lua__push_kept(call->build_userdata, L) == SL_STATUS_OK;
    }
    switch (call->value->kind) {
    case SL_VALUE_KIND_NIL:
    case SL_VALUE_KIND_BOOLEAN:
    case SL_VALUE_KIND_INTEGER:
    case SL_VALUE_KIND_NUMBER:
        sl_lua_push_value(L, call->value);
        return true;
    default:
        return false;
    }
}

SL_LUA_FN void sl_lua__report(lua_State *L, const sl_callback_call *call) {
    size_t len;
    const char *text;
    char buffer[80];
    if (lua_type(L, -1) == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &len);
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
        /* Converting it on the stack could raise. */
        len = (size_t)snprintf(buffer, sizeof buffer, "%.14g", (double)lua_tonumber(L, -1));
        text = buffer;
    } else {
        len = (size_t)snprintf(buffer, sizeof buffer, "(error object is a %s value)",
                               lua_typename(L, lua_type(L, -1)));
        text = buffer;
    }
    sl_callback_call_fail(call, text, len);
}

/* What the library calls for a number. Nothing raised in here may leave it. */
SL_LUA_FN void sl_lua__call(void *userdata, const sl_callback_call *call) {
    sl_lua__kept *function = (sl_lua__kept *)userdata;
    const sl_lua__module *module = function->module;
    lua_State *L = module->L;
    int top = lua_gettop(L), failed;
    if (function->timer != NULL) {
        function->timer->waits = false;
    }
    if (!lua_checkstack(L, 8)) {
        sl_callback_call_fail(call, "stack overflow", 14);
        return;
    }
    sl_lua__push_kept(function, L);
    if (sl_lua__push_plain(L, call)) {
        failed = lua_pcall(L, 1, 0, 0);
    } else {
        sl_lua__invocation invocation;
        invocation.function = function;
        invocation.call = call;
        lua_rawgeti(L, LUA_REGISTRYINDEX, module->invoke);
        lua_pushlightuserdata(L, &invocation);
        failed = lua_pcall(L, 1, 0, 0);
    }
    if (failed) {
        sl_lua__report(L, call);
    }
    lua_settop(L, top);
}

/* Gives a function a number; it is dropped when there is none. */
SL_LUA_FN sl_callback_id sl_lua__register(lua_State *L, sl_lua__kept *function, const char *name,
                                          unsigned flags) {
    sl_callback_id id = 0;
    sl_status status = sl_callbacks_register(function->module->callbacks, sl_lua__call, function,
                                             sl_lua__drop_kept, flags, &id);
    if (status != SL_STATUS_OK) {
        sl_lua__drop_kept(function);
        sl_lua__check(L, name, status);
    }
    return id;
}

SL_LUA_FN void sl_lua__push_id(lua_State *L, sl_callback_id id) {
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)id);
#else
    lua_pushnumber(L, (lua_Number)id);
#endif
}

SL_LUA_FN int sl_lua__register_as(lua_State *L, const char *name, unsigned flags) {
    sl_lua__module *module = sl_lua__self(L, name);
    if (lua_type(L, 1) != LUA_TFUNCTION) {
        return sl_lua__error(L, "callbacks.%s requires a function", name);
    }
    lua_settop(L, 1);
    sl_lua__push_id(L, sl_lua__register(L, sl_lua__keep(L, module), name, flags));
    return 1;
}

/* callbacks.register(function) -> id */
SL_LUA_FN int sl_lua__do_register(lua_State *L) {
    return sl_lua__register_as(L, "register", 0);
}

/* callbacks["register-once"](function) -> id */
SL_LUA_FN int sl_lua__do_register_once(lua_State *L) {
    return sl_lua__register_as(L, "register-once", SL_CALLBACK_FLAG_ONCE);
}

/* An argument that is an id. What cannot be one is 0, which nobody has. */
SL_LUA_FN sl_callback_id sl_lua__check_id(lua_State *L, const char *name) {
    int64_t id;
    if (lua_type(L, 1) != LUA_TNUMBER) {
        sl_lua__error(L, "callbacks.%s id must be a number", name);
    }
    id = sl_lua__integer(L, 1);
    return id > 0 ? (sl_callback_id)id : 0;
}

SL_LUA_FN int sl_lua__unregister_as(lua_State *L, const char *name) {
    sl_lua__module *module = sl_lua__self(L, name);
    sl_status status = sl_callbacks_unregister(module->callbacks, sl_lua__check_id(L, name));
    if (status != SL_STATUS_NOT_FOUND) {
        sl_lua__check(L, name, status);
    }
    lua_pushboolean(L, status == SL_STATUS_OK);
    return 1;
}

/* callbacks.unregister(id) -> whether it existed */
SL_LUA_FN int sl_lua__do_unregister(lua_State *L) {
    return sl_lua__unregister_as(L, "unregister");
}

/* callbacks.enqueue(id, payload) */
SL_LUA_FN int sl_lua__do_enqueue(lua_State *L) {
    sl_lua__module *module = sl_lua__self(L, "enqueue");
    sl_callback_id id = sl_lua__check_id(L, "enqueue");
    sl_status status;
    lua_settop(L, 2);
    if (lua_isnil(L, 2) || lua_isboolean(L, 2) || lua_type(L, 2) == LUA_TNUMBER) {
        sl_value value;
        sl_lua__fill(L, 2, &value, NULL);
        status = sl_callbacks_enqueue_value(module->callbacks, id, &value);
    } else {
        sl_lua__kept *kept = sl_lua__keep(L, module);
        status =
            sl_callbacks_enqueue(module->callbacks, id, sl_lua__push_kept, kept, sl_lua__drop_kept);
        if (status != SL_STATUS_OK) {
            sl_lua__drop_kept(kept);
        }
    }
    sl_lua__check(L, "enqueue", status);
    return 0;
}

/* Dispatches for a script. The room that the calls need is made here, where a Lua that raises for
   want of it may do so. */
SL_LUA_FN uint64_t sl_lua__dispatch(lua_State *L, const sl_lua__module *module, const char *name,
                                    uint64_t max) {
    uint64_t dispatched = 0;
    if (!lua_checkstack(module->L, 16)) {
        sl_lua__error(L, "callbacks.%s: stack overflow", name);
    }
    sl_lua__check(L, name, sl_callbacks_dispatch(module->callbacks, max, &dispatched));
    return dispatched;
}

/* callbacks.dispatch([max]) -> how many were called */
SL_LUA_FN int sl_lua__do_dispatch(lua_State *L) {
    sl_lua__module *module = sl_lua__self(L, "dispatch");
    int64_t max = 0;
    if (!lua_isnoneornil(L, 1)) {
        if (lua_type(L, 1) != LUA_TNUMBER) {
            return sl_lua__error(L, "callbacks.dispatch max must be a number");
        }
        max = sl_lua__integer(L, 1);
        if (max < 0 || lua_tonumber(L, 1) != lua_tonumber(L, 1)) {
            return sl_lua__error(L, "callbacks.dispatch max must be non-negative");
        }
    }
    sl_lua__push_id(L, sl_lua__dispatch(L, module, "dispatch", (uint64_t)max));
    return 1;
}

#endif /* SCRIPTLOOP_LUA_CALLBACKS_H */
