/* The module `jobs`: native jobs for the host's own scripts. A part of scriptloop_lua.h.
 *
 *     local jobs = require "jobs"
 *     local id = jobs.submit("echo", "payload", function(result) print(result.result) end)
 *     jobs.submit {kind = "echo", payload = "text", owner = 1, priority = 50}
 *     for _, result in ipairs(jobs.poll()) do print(result.id, result.ok) end
 *     jobs.cancel(id)
 */
#ifndef SCRIPTLOOP_LUA_JOBS_H
#define SCRIPTLOOP_LUA_JOBS_H

/* Whose the jobs of scripts are, unless they say otherwise. */
enum { SL_LUA_OWNER = 1 };

/* The module of one state: a userdata that its functions have as their upvalue. A handle is no
   light userdata: it may have more bits than LuaJIT keeps. */
typedef struct sl_lua__jobs {
    sl_jobs *jobs;
    int append; /* a reference to what adds a result to a list */
} sl_lua__jobs;

SL_LUA_FN sl_lua__jobs *sl_lua__jobs_of(lua_State *L) {
    return (sl_lua__jobs *)lua_touserdata(L, lua_upvalueindex(1));
}

SL_LUA_FN void sl_lua__check_jobs(lua_State *L, const char *name, sl_status status) {
    if (status != SL_STATUS_OK) {
        sl_lua__error(L, "jobs.%s: %s", name, sl_status_text(status));
    }
}

/* A number of the table at `table`; `otherwise` when it is not there. */
SL_LUA_FN int64_t sl_lua__number_option(lua_State *L, int table, const char *function,
                                        const char *name, int64_t otherwise) {
    int64_t value = otherwise;
    sl_lua__option(L, table, name);
    if (!lua_isnil(L, -1)) {
        if (lua_type(L, -1) != LUA_TNUMBER) {
            sl_lua__error(L, "jobs.%s %s must be a number", function, name);
        }
        if (!(lua_tonumber(L, -1) >= 0)) {
            sl_lua__error(L, "jobs.%s %s must be non-negative", function, name);
        }
        value = sl_lua__integer(L, -1);
    }
    lua_pop(L, 1);
    return value;
}

/* Brings jobs.submit {…} into the form of jobs.submit(kind, payload, callback). */
SL_LUA_FN void sl_lua__spread_request(lua_State *L, sl_job_request *request) {
    int64_t priority;
    if (!lua_istable(L, 1)) {
        lua_settop(L, 3);
        return;
    }
    lua_settop(L, 1);
    request->owner = (uint64_t)sl_lua__number_option(L, 1, "submit", "owner", SL_LUA_OWNER);
    priority = sl_lua__number_option(L, 1, "submit", "priority", SL_PRIORITY_NORMAL);
    request->priority = priority < UINT32_MAX ? (uint32_t)priority : UINT32_MAX;
    lua_getfield(L, 1, "kind");
    lua_getfield(L, 1, "payload");
    lua_getfield(L, 1, "callback");
    lua_remove(L, 1);
}

/* A string argument, lent while it is on the stack. */
SL_LUA_FN void sl_lua__check_text(lua_State *L, int index, const char *what, const char **text,
                                  size_t *len) {
    if (lua_type(L, index) != LUA_TSTRING) {
        sl_lua__error(L, "jobs.submit %s must be a string", what);
    }
    *text = lua_tolstring(L, index, len);
}

/* jobs.submit(kind [, payload [, callback]]) -> id */
SL_LUA_FN int sl_lua__do_submit(lua_State *L) {
    const sl_lua__jobs *self = sl_lua__jobs_of(L);
    sl_lua__module *module = NULL;
    sl_job_request request;
    sl_job_id id = 0;
    sl_status status;
    sl_lua__check_jobs(L, "submit", sl_job_request_init(&request, sizeof request));
    request.owner = SL_LUA_OWNER;
    sl_lua__spread_request(L, &request);
    if (lua_isnil(L, 1)) {
        return sl_lua__error(L, "jobs.submit requires a kind");
    }
    sl_lua__check_text(L, 1, "kind", &request.kind, &request.kind_len);
    if (!lua_isnil(L, 2)) {
        sl_lua__check_text(L, 2, "payload", &request.payload, &request.payload_len);
    }
    if (!lua_isnil(L, 3)) {
        module = sl_lua__find(L);
        if (lua_type(L, 3) != LUA_TFUNCTION) {
            return sl_lua__error(L, "jobs.submit callback must be a function");
        }
        if (module == NULL || module->callbacks == NULL) {
            return sl_lua__error(L, "jobs.submit callback needs the module callbacks");
        }
        lua_pushvalue(L, 3);
        request.callbacks = module->callbacks;
        request.callback =
            sl_lua__register(L, sl_lua__keep(L, module), "register", SL_CALLBACK_FLAG_ONCE);
    }
    status = sl_jobs_submit(self->jobs, &request, &id);
    if (status != SL_STATUS_OK && module != NULL) {
        sl_callbacks_unregister(module->callbacks, request.callback);
    }
    sl_lua__check_jobs(L, "submit", status);
    sl_lua__push_id(L, id);
    return 1;
}

/* A poll that is running: results go to the list at `list`. */
typedef struct sl_lua__polling {
    lua_State *L;
    int append;
    int list;
    int len;
    int failed; /* then the error is on top of the stack */
} sl_lua__polling;

/* append(list, n, result): the part of a poll that may raise. */
SL_LUA_FN int sl_lua__append(lua_State *L) {
    sl_lua_push_job_result(L, (const sl_job_result *)lua_touserdata(L, 3));
    lua_rawseti(L, 1, (int)lua_tonumber(L, 2));
    return 0;
}

SL_LUA_FN void sl_lua__polled(void *userdata, sl_job_result *result) {
    sl_lua__polling *polling = (sl_lua__polling *)userdata;
    lua_State *L = polling->L;
    lua_rawgeti(L, LUA_REGISTRYINDEX, polling->append);
    lua_pushvalue(L, polling->list);
    lua_pushnumber(L, ++polling->len);
    lua_pushlightuserdata(L, result);
    polling->failed = lua_pcall(L, 3, 0, 0);
}

/* One by one, so that an error costs no more than the result that it is about. At most those that
   are there now. */
SL_LUA_FN void sl_lua__poll_each(lua_State *L, sl_jobs *jobs, const sl_job_filter *filter,
                                 int64_t max, sl_lua__polling *polling) {
    sl_jobs_stats stats;
    uint64_t left, count = 1;
    memset(&stats, 0, sizeof stats);
    stats.size = sizeof stats;
    sl_lua__check_jobs(L, "poll", sl_jobs_read_stats(jobs, &stats));
    left = max != 0 && (uint64_t)max < stats.ready ? (uint64_t)max : stats.ready;
    for (; left != 0 && count != 0; left--) {
        sl_lua__check_jobs(L, "poll",
                           sl_jobs_poll(jobs, filter, 1, sl_lua__polled, polling, &count));
        if (polling->failed) {
            lua_error(L);
        }
    }
}

/* jobs.poll([max_results]) or jobs.poll {max_results = n, kind = k, owner = o} -> list of results
 */
SL_LUA_FN int sl_lua__do_poll(lua_State *L) {
    const sl_lua__jobs *self = sl_lua__jobs_of(L);
    sl_lua__polling polling = {L, self->append, 0, 0, 0};
    sl_job_filter filter;
    int64_t max = 0;
    memset(&filter, 0, sizeof filter);
    filter.size = sizeof filter;
    filter.owner = SL_LUA_OWNER;
    filter.by_owner = 1;
    lua_settop(L, 1);
    if (lua_istable(L, 1)) {
        max = sl_lua__number_option(L, 1, "poll", "max_results", 0);
        filter.owner = (uint64_t)sl_lua__number_option(L, 1, "poll", "owner", SL_LUA_OWNER);
        lua_getfield(L, 1, "kind");
        if (!lua_isnil(L, 2)) {
            if (lua_type(L, 2) != LUA_TSTRING) {
                return sl_lua__error(L, "jobs.poll kind must be a string");
            }
            filter.kind = lua_tolstring(L, 2, &filter.kind_len);
        }
    } else if (!lua_isnil(L, 1)) {
        if (lua_type(L, 1) != LUA_TNUMBER) {
            return sl_lua__error(L, "jobs.poll max_results must be a number");
        }
        if (!(lua_tonumber(L, 1) >= 0)) {
            return sl_lua__error(L, "jobs.poll max_results must be non-negative");
        }
        max = sl_lua__integer(L, 1);
    }
    luaL_checkstack(L, 10, "jobs.poll");
    lua_newtable(L);
    polling.list = lua_gettop(L);
    sl_lua__poll_each(L, self->jobs, &filter, max, &polling);
    lua_settop(L, polling.list);
    return 1;
}

/* jobs.cancel(id) -> whether it had not ended */
SL_LUA_FN int sl_lua__do_cancel(lua_State *L) {
    sl_status status;
    int64_t id;
    if (lua_type(L, 1) != LUA_TNUMBER) {
        return sl_lua__error(L, "jobs.cancel id must be a number");
    }
    id = sl_lua__integer(L, 1);
    status = sl_jobs_cancel(sl_lua__jobs_of(L)->jobs, id > 0 ? (sl_job_id)id : 0);
    if (status != SL_STATUS_NOT_FOUND) {
        sl_lua__check_jobs(L, "cancel", status);
    }
    lua_pushboolean(L, status == SL_STATUS_OK);
    return 1;
}

SL_LUA_FN int sl_lua__open_jobs(lua_State *L) {
    sl_jobs *const *jobs = (sl_jobs *const *)lua_touserdata(L, 1);
    sl_lua__jobs *self;
    lua_getfield(L, LUA_REGISTRYINDEX, "scriptloop.jobs");
    if (!lua_isnil(L, -1)) {
        ((sl_lua__jobs *)lua_touserdata(L, -1))->jobs = *jobs;
        return 0;
    }
    self = (sl_lua__jobs *)lua_newuserdata(L, sizeof *self);
    self->jobs = *jobs;
    lua_pushcfunction(L, sl_lua__append);
    self->append = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    sl_lua__set_function(L, "submit", sl_lua__do_submit);
    sl_lua__set_function(L, "poll", sl_lua__do_poll);
    sl_lua__set_function(L, "cancel", sl_lua__do_cancel);
    sl_lua__provide(L, "jobs");
    lua_pop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "scriptloop.jobs");
    return 0;
}

/* Gives a state the module `jobs`: require "jobs" finds it. Doing it again gives it other jobs.
   A callback of a job is called once, by a dispatch of the module `callbacks`.
   @param L     the state
   @param jobs  where scripts submit; to be freed by the host, after which the functions raise
   errors
   @return SL_STATUS_OK             opened
   @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
   @return SL_STATUS_STALE_HANDLE   the jobs were freed
   @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
   @return SL_STATUS_NO_MEMORY      the state has no memory for it */
SL_LUA_FN sl_status sl_lua_open_jobs(lua_State *L, sl_jobs *jobs) {
    sl_jobs_stats stats;
    sl_status status;
    int top = lua_gettop(L), failed;
    memset(&stats, 0, sizeof stats);
    stats.size = sizeof stats;
    status = sl_jobs_read_stats(jobs, &stats);
    if (status != SL_STATUS_OK) {
        return status;
    }
    if (!lua_checkstack(L, 10)) {
        return SL_STATUS_NO_MEMORY;
    }
    failed = sl_lua__protected(L, sl_lua__open_jobs, &jobs);
    lua_settop(L, top);
    return failed ? SL_STATUS_NO_MEMORY : SL_STATUS_OK;
}

#endif /* SCRIPTLOOP_LUA_JOBS_H */
