/* What a native job gave, as a table. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_JOB_RESULT_H
#define SCRIPTLOOP_LUA_JOB_RESULT_H

SL_LUA_FN void sl_lua__set_integer(lua_State *L, const char *name, int64_t value) {
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)value);
#else
    lua_pushnumber(L, (lua_Number)value);
#endif
    lua_setfield(L, -2, name);
}

/* Pushes a result as a table: id, ok, kind, result or error, binary, aux-a to aux-d.
   Raises: for want of memory or stack. */
SL_LUA_FN void sl_lua_push_job_result(lua_State *L, const sl_job_result *result) {
    static const char *const aux[] = {"aux-a", "aux-b", "aux-c", "aux-d"};
    int at;
    luaL_checkstack(L, 4, "a job's result");
    lua_createtable(L, 0, 10);
    sl_lua__set_integer(L, "id", (int64_t)result->id);
    lua_pushboolean(L, result->ok);
    lua_setfield(L, -2, "ok");
    lua_pushlstring(L, result->kind, result->kind_len);
    lua_setfield(L, -2, "kind");
    if (result->ok) {
        lua_pushlstring(L, result->result, result->result_len);
        lua_setfield(L, -2, "result");
    } else {
        lua_pushlstring(L, result->error, result->error_len);
        lua_setfield(L, -2, "error");
        lua_pushboolean(L, result->cancelled);
        lua_setfield(L, -2, "cancelled");
    }
    if (result->native != NULL) {
        lua_pushlstring(L, (const char *)result->native->data, result->native->data_size);
        lua_setfield(L, -2, "binary");
    }
    for (at = 0; at < 4; at++) {
        sl_lua__set_integer(L, aux[at], result->aux[at]);
    }
}

#endif /* SCRIPTLOOP_LUA_JOB_RESULT_H */
