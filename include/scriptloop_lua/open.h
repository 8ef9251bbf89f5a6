/* What the host calls: open, shut down, pollers, loops. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_OPEN_H
#define SCRIPTLOOP_LUA_OPEN_H

/* Where a state keeps its module: the same for all files that include this. */
#define SL_LUA__KEY "scriptloop.callbacks"

/* The module of a state; NULL if there is none. Raises for want of memory where there is none: the
   key of one that is there needs no memory. */
SL_LUA_FN sl_lua__module *sl_lua__find(lua_State *L) {
    sl_lua__module *module = NULL;
    lua_getfield(L, LUA_REGISTRYINDEX, SL_LUA__KEY);
    if (lua_isuserdata(L, -1)) {
        module = (sl_lua__module *)lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
    return module;
}

SL_LUA_FN void sl_lua__end(sl_lua__module *module) {
    sl_callbacks *callbacks = module->callbacks;
    module->callbacks = NULL;
    sl_callbacks_free(callbacks);
    while (module->pollers != NULL) {
        sl_lua__poller *poller = module->pollers;
        module->pollers = poller->next;
        if (poller->drop != NULL) {
            poller->drop(poller->userdata);
        }
        free(poller);
    }
    while (module->loops != NULL) {
        sl_lua__loop *loop = module->loops;
        module->loops = loop->next;
        free(loop);
    }
}

/* The state ends. */
SL_LUA_FN int sl_lua__collect(lua_State *L) {
    sl_lua__module *module = (sl_lua__module *)lua_touserdata(L, 1);
    if (module->callbacks != NULL) {
        sl_lua__end(module);
    }
    free(module->refs.vacant);
    module->refs.vacant = NULL;
    return 0;
}

typedef struct sl_lua__opening {
    sl_loop *loop;
    const sl_callbacks_config *config;
    sl_status status;
} sl_lua__opening;

/* The main thread of a state: callbacks are called there, whoever registers them. NULL where this
   Lua does not say which it is, and L is not. */
SL_LUA_FN lua_State *sl_lua__main_thread(lua_State *L) {
    lua_State *main;
#ifdef LUA_RIDX_MAINTHREAD
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    main = lua_tothread(L, -1);
#else
    main = lua_pushthread(L) ? L : NULL;
#endif
    lua_pop(L, 1);
    return main;
}

/* package.preload.callbacks: what require() calls where package.loaded was cleared. */
SL_LUA_FN int sl_lua__load(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

/* Pushes the table of the module's functions; the module is on top of the stack. */
SL_LUA_FN void sl_lua__push_functions(lua_State *L) {
    lua_newtable(L);
    sl_lua__set_function(L, "register", sl_lua__do_register);
    sl_lua__set_function(L, "register-once", sl_lua__do_register_once);
    sl_lua__set_function(L, "unregister", sl_lua__do_unregister);
    sl_lua__set_function(L, "enqueue", sl_lua__do_enqueue);
    sl_lua__set_function(L, "dispatch", sl_lua__do_dispatch);
    sl_lua__set_function(L, "run-loop", sl_lua__do_run_loop);
    sl_lua__set_function(L, "set-loop", sl_lua__do_set_loop);
    sl_lua__set_function(L, "set-timer", sl_lua__do_set_timer);
    sl_lua__set_function(L, "cancel-timer", sl_lua__do_cancel_timer);
}

/* Makes the table on top of the stack what require(name) gives. */
SL_LUA_FN void sl_lua__provide(lua_State *L, const char *name) {
    int table = lua_gettop(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
        lua_pushvalue(L, table);
        lua_setfield(L, -2, name);
        /* In every Lua the table of loaded modules knows the library `package`. */
        lua_getfield(L, -1, "package");
        if (lua_istable(L, -1)) {
            lua_getfield(L, -1, "preload");
            if (lua_istable(L, -1)) {
                lua_pushvalue(L, table);
                lua_pushcclosure(L, sl_lua__load, 1);
                lua_setfield(L, -2, name);
            }
        }
    }
    lua_settop(L, table);
}

SL_LUA_FN sl_status sl_lua__add_loop(sl_lua__module *module, const char *name, sl_loop *loop) {
    sl_lua__loop **at = &module->loops;
    sl_lua__loop *made;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->name, name) == 0) {
            (*at)->loop = loop;
            return SL_STATUS_OK;
        }
    }
    if (strlen(name) >= sizeof made->name) {
        return SL_STATUS_INVALID_ARGUMENT;
    }
    made = (sl_lua__loop *)calloc(1, sizeof *made);
    if (made == NULL) {
        return SL_STATUS_NO_MEMORY;
    }
    strcpy(made->name, name);
    made->loop = loop;
    *at = made;
    return SL_STATUS_OK;
}

SL_LUA_FN int sl_lua__open(lua_State *L) {
    sl_lua__opening *opening = (sl_lua__opening *)lua_touserdata(L, 1);
    lua_State *main = sl_lua__main_thread(L);
    sl_lua__module *module = sl_lua__find(L);
    if (module != NULL) {
        opening->status = module->callbacks != NULL ? SL_STATUS_OK : SL_STATUS_CLOSED;
        return 0;
    }
    if (main == NULL) {
        opening->status = SL_STATUS_INVALID_ARGUMENT;
        return 0;
    }
    lua_newtable(L);
    lua_pushcfunction(L, sl_lua__collect);
    lua_setfield(L, -2, "__gc");
    module = (sl_lua__module *)lua_newuserdata(L, sizeof *module);
    memset(module, 0, sizeof *module);
    module->L = main;
    module->loop = module->woken = opening->loop;
    sl_lua__push_functions(L);
    lua_pushcfunction(L, sl_lua__invoke);
    module->invoke = luaL_ref(L, LUA_REGISTRYINDEX);
    sl_lua__open_refs(L, &module->refs);
    opening->status = sl_callbacks_new(opening->loop, opening->config, &module->callbacks);
    if (opening->status != SL_STATUS_OK) {
        luaL_unref(L, LUA_REGISTRYINDEX, module->invoke);
        luaL_unref(L, LUA_REGISTRYINDEX, module->refs.table);
        return 0;
    }
    /* From here on the userdata ends them, whatever is raised. */
    lua_pushvalue(L, -3);
    lua_setmetatable(L, -3);
    opening->status = sl_lua__add_loop(module, "default", opening->loop);
    if (opening->status != SL_STATUS_OK) {
        sl_lua__end(module);
        return 0;
    }
    opening->status = SL_STATUS_NO_MEMORY; /* unless it comes to its end */
    sl_lua__provide(L, "callbacks");
    lua_pushvalue(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, SL_LUA__KEY);
    opening->status = SL_STATUS_OK;
    return 0;
}

/* Gives a state the module `callbacks`: require "callbacks" finds it. Doing it again changes
   nothing.
   @param L       the state; Lua 5.1 and LuaJIT want its main thread
   @param loop    woken by every enqueue; run-loop waits there; its name for scripts is "default"
   @param config  as for sl_callbacks_new; NULL = all defaults
   @return SL_STATUS_OK                opened, now or before
   @return SL_STATUS_INVALID_ARGUMENT  as sl_callbacks_new; or L is a coroutine, and this Lua does
                                       not say of what
   @return SL_STATUS_CLOSED            it was shut down
   @return SL_STATUS_NO_MEMORY         the state has no memory for it
   @return another one                 as sl_callbacks_new */
SL_LUA_FN sl_status sl_lua_open_callbacks(lua_State *L, sl_loop *loop,
                                          const sl_callbacks_config *config) {
    sl_lua__opening opening;
    int top = lua_gettop(L), failed;
    if (!lua_checkstack(L, 10)) {
        return SL_STATUS_NO_MEMORY;
    }
    opening.loop = loop;
    opening.config = config;
    opening.status = SL_STATUS_NO_MEMORY;
    failed = sl_lua__protected(L, sl_lua__open, &opening);
    lua_settop(L, top);
    return failed ? SL_STATUS_NO_MEMORY : opening.status;
}

/* The callbacks behind the module, for any thread to enqueue; NULL when it is not open. They end
   with the state. Raises for want of memory alone. */
SL_LUA_FN sl_callbacks *sl_lua_callbacks(lua_State *L) {
    sl_lua__module *module = sl_lua__find(L);
    return module == NULL ? NULL : module->callbacks;
}

/* Ends the module: nothing is registered or queued any more, every drop has run but that of a
   function which is being called: that one runs when it has returned. The module's functions
   raise errors from now on. lua_close does this by itself. Doing it again does nothing. */
SL_LUA_FN void sl_lua_shutdown(lua_State *L) {
    sl_lua__module *module = sl_lua__find(L);
    if (module != NULL && module->callbacks != NULL) {
        sl_lua__end(module);
    }
}

/* Registers the function at `index`, as callbacks.register does, and gives its number. It stays on
   the stack.
   @param flags  bits of sl_callback_flag
   Raises: when there is no function, the module is not open, or for want of memory. */
SL_LUA_FN sl_callback_id sl_lua_register(lua_State *L, int index, uint32_t flags) {
    sl_lua__module *module = sl_lua__find(L);
    if (module == NULL || module->callbacks == NULL) {
        sl_lua__error(L, "callbacks.register: callbacks are not open");
    }
    if (lua_type(L, index) != LUA_TFUNCTION) {
        sl_lua__error(L, "callbacks.register requires a function");
    }
    lua_pushvalue(L, index);
    return sl_lua__register(L, sl_lua__keep(L, module), "register", flags);
}

/* Adds a poller behind those that come first in a turn. A name that is there keeps its place. */
SL_LUA_FN sl_status sl_lua__add_poller(sl_lua__module *module, const sl_lua__poller *wanted) {
    sl_lua__poller **at = &module->pollers, *made;
    int len = 0;
    for (made = module->pollers; made != NULL; made = made->next, len++) {
        if (strcmp(made->option, wanted->option) == 0) {
            sl_lua__poller old = *made;
            *made = *wanted;
            made->next = old.next;
            if (old.drop != NULL) {
                old.drop(old.userdata);
            }
            return SL_STATUS_OK;
        }
    }
    if (len == SL_LUA__POLLERS_MAX) {
        return SL_STATUS_FULL;
    }
    made = (sl_lua__poller *)malloc(sizeof *made);
    if (made == NULL) {
        return SL_STATUS_NO_MEMORY;
    }
    *made = *wanted;
    while (*at != NULL && (*at)->rank <= made->rank) {
        at = &(*at)->next;
    }
    made->next = *at;
    *at = made;
    return SL_STATUS_OK;
}

/* Has run-loop poll something in each turn; the option poll-<name> turns it on and off. The order
   of a turn is jobs, http, process, then others as they were added. A name that is there already
   is replaced.
   @param name      at most 31 bytes
   @param poll      what is called; may raise
   @param userdata  passed to `poll` and `drop`
   @param drop      takes `userdata` back, once, when it is replaced or at the shutdown; may be NULL
   @param flags     SL_LUA_POLLER_DEFAULT_ON, SL_LUA_POLLER_WAKES
   @return SL_STATUS_OK                added; `userdata` is the module's
   @return SL_STATUS_NULL_ARGUMENT     `name` or `poll` is NULL
   @return SL_STATUS_INVALID_ARGUMENT  the name is empty or too long, or a flag is unknown
   @return SL_STATUS_CLOSED            the module is not open
   @return SL_STATUS_FULL              there are 32
   @return SL_STATUS_NO_MEMORY         there is no memory */
SL_LUA_FN sl_status sl_lua_add_poller(lua_State *L, const char *name, sl_lua_poll_fn poll,
                                      void *userdata, sl_drop_fn drop, unsigned flags) {
    static const char *const first[] = {"jobs", "http", "process"};
    sl_lua__module *module = sl_lua__find(L);
    sl_lua__poller wanted;
    if (name == NULL || poll == NULL) {
        return SL_STATUS_NULL_ARGUMENT;
    }
    if (module == NULL || module->callbacks == NULL) {
        return SL_STATUS_CLOSED;
    }
    if (name[0] == '\0' || strlen(name) > 31 ||
        (flags & ~(unsigned)(SL_LUA_POLLER_DEFAULT_ON | SL_LUA_POLLER_WAKES)) != 0) {
        return SL_STATUS_INVALID_ARGUMENT;
    }
    memset(&wanted, 0, sizeof wanted);
    strcat(strcpy(wanted.option, "poll-"), name);
    wanted.poll = poll;
    wanted.userdata = userdata;
    wanted.drop = drop;
    wanted.flags = flags;
    while (wanted.rank < 3 && strcmp(first[wanted.rank], name) != 0) {
        wanted.rank++;
    }
    return sl_lua__add_poller(module, &wanted);
}

/* For hosts whose producers all wake the loop: a run-loop with a sleep-ms of 0, which would not
   wait at all, waits this long for a wake in each turn, unless it polls something that does not
   wake. So scripts that were written for a loop that had to be quick use no processor any more, and
   are as quick. What `until` asks besides the script's own state is then looked at this often.
   @param ms  0, the default, is no wait
   @return SL_STATUS_OK      set
   @return SL_STATUS_CLOSED  the module is not open */
SL_LUA_FN sl_status sl_lua_set_idle_wait(lua_State *L, uint32_t ms) {
    sl_lua__module *module = sl_lua__find(L);
    if (module == NULL || module->callbacks == NULL) {
        return SL_STATUS_CLOSED;
    }
    module->idle_wait_ms = ms;
    return SL_STATUS_OK;
}

/* Lets scripts name another loop of the same thread: for run-loop's option `loop` and for set-loop.
   A name that is there already stands for this loop from now on.
   @param name  at most 31 bytes
   @return SL_STATUS_OK                added
   @return SL_STATUS_NULL_ARGUMENT     `name` or `loop` is NULL
   @return SL_STATUS_INVALID_ARGUMENT  the name is too long
   @return SL_STATUS_CLOSED            the module is not open
   @return SL_STATUS_NO_MEMORY         there is no memory */
SL_LUA_FN sl_status sl_lua_add_loop(lua_State *L, const char *name, sl_loop *loop) {
    sl_lua__module *module = sl_lua__find(L);
    if (name == NULL || loop == NULL) {
        return SL_STATUS_NULL_ARGUMENT;
    }
    if (module == NULL || module->callbacks == NULL) {
        return SL_STATUS_CLOSED;
    }
    return sl_lua__add_loop(module, name, loop);
}

#endif /* SCRIPTLOOP_LUA_OPEN_H */
