/* What differs between the Luas, and errors. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_COMPAT_H
#define SCRIPTLOOP_LUA_COMPAT_H

#define SL_LUA_FN static inline

#if LUA_VERSION_NUM < 502
#define sl_lua__rawlen(L, index) lua_objlen(L, index)
#else
#define sl_lua__rawlen(L, index) lua_rawlen(L, index)
#endif

SL_LUA_FN int sl_lua__absolute(lua_State *L, int index) {
    return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

/* Raises an error whose message is just this: the name of the module stands in front. */
SL_LUA_FN int sl_lua__error(lua_State *L, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    return lua_error(L);
}

/* A number as an integer; what is not whole is cut, what is too large is as large as possible. */
SL_LUA_FN int64_t sl_lua__integer(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        return (int64_t)lua_tointeger(L, index);
    }
#endif
    double number = (double)lua_tonumber(L, index);
    if (number >= 9223372036854775807.0) {
        return INT64_MAX;
    }
    return number > -9223372036854775808.0 ? (int64_t)number : INT64_MIN;
}

/* Calls `body(L)` with `userdata` as its argument, so that no error leaves this. On an error its
   message is on the stack, otherwise nothing. */
SL_LUA_FN int sl_lua__protected(lua_State *L, lua_CFunction body, void *userdata) {
#if LUA_VERSION_NUM < 502
    return lua_cpcall(L, body, userdata);
#else
    lua_pushcfunction(L, body); /* without memory: it has no upvalues */
    lua_pushlightuserdata(L, userdata);
    return lua_pcall(L, 1, 0, 0);
#endif
}

enum { SL_LUA__NAME_MAX = 64 };

/* The other form of a name with dashes. */
SL_LUA_FN void sl_lua__underscored(const char *name, char other[SL_LUA__NAME_MAX]) {
    size_t at = 0;
    for (; name[at] != '\0' && at + 1 < SL_LUA__NAME_MAX; at++) {
        other[at] = name[at] == '-' ? '_' : name[at];
    }
    other[at] = '\0';
}

/* Pushes the field `name` of the table at `table`, under its name with dashes, or else with
   underscores; nil when there is neither. */
SL_LUA_FN void sl_lua__option(lua_State *L, int table, const char *name) {
    char other[SL_LUA__NAME_MAX];
    lua_getfield(L, table, name);
    if (!lua_isnil(L, -1)) {
        return;
    }
    lua_pop(L, 1);
    sl_lua__underscored(name, other);
    lua_getfield(L, table, other);
}

/* Sets a function under both of its names in the table on top of the stack. The userdata below that
   is its upvalue, and lives as long as it does. */
SL_LUA_FN void sl_lua__set_function(lua_State *L, const char *name, lua_CFunction function) {
    char other[SL_LUA__NAME_MAX];
    sl_lua__underscored(name, other);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, function, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, name);
    lua_setfield(L, -2, other);
}

#endif /* SCRIPTLOOP_LUA_COMPAT_H */
