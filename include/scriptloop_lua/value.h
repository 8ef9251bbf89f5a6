/* Typed values between the host's stack and the library. A part of scriptloop_lua.h. */
#ifndef SCRIPTLOOP_LUA_VALUE_H
#define SCRIPTLOOP_LUA_VALUE_H

/* Deepest table that becomes a value: what is deeper contains itself, as a rule. */
enum { SL_LUA__DEPTH_MAX = 100, SL_LUA__BYTES_MAX = 1 << 30 };

/* Pushes a copy of a value. Integers that this Lua has no place for become floats.
   Raises: for want of memory or stack. */
SL_LUA_FN void sl_lua_push_value(lua_State *L, const sl_value *value) {
    size_t at;
    luaL_checkstack(L, 4, "a value is too deep");
    switch (value->kind) {
    case SL_VALUE_KIND_BOOLEAN:
        lua_pushboolean(L, value->as.boolean);
        break;
    case SL_VALUE_KIND_INTEGER:
#if LUA_VERSION_NUM >= 503
        if ((int64_t)(lua_Integer)value->as.integer == value->as.integer) {
            lua_pushinteger(L, (lua_Integer)value->as.integer);
            break;
        }
#endif
        lua_pushnumber(L, (lua_Number)value->as.integer);
        break;
    case SL_VALUE_KIND_NUMBER:
        lua_pushnumber(L, (lua_Number)value->as.number);
        break;
    case SL_VALUE_KIND_BYTES:
        lua_pushlstring(L, value->as.bytes.len == 0 ? "" : (const char *)value->as.bytes.data,
                        value->as.bytes.len);
        break;
    case SL_VALUE_KIND_ARRAY:
        lua_createtable(L, value->as.array.len < INT_MAX ? (int)value->as.array.len : 0, 0);
        for (at = 0; at < value->as.array.len; at++) {
            sl_lua_push_value(L, &value->as.array.items[at]);
            lua_rawseti(L, -2, (int)at + 1);
        }
        break;
    case SL_VALUE_KIND_MAP:
        lua_createtable(L, 0, value->as.map.len < INT_MAX ? (int)value->as.map.len : 0);
        for (at = 0; at < value->as.map.len; at++) {
            sl_lua_push_value(L, &value->as.map.entries[at].key);
            sl_lua_push_value(L, &value->as.map.entries[at].value);
            lua_rawset(L, -3);
        }
        break;
    case SL_VALUE_KIND_POINTER:
        lua_pushlightuserdata(L, value->as.pointer);
        break;
    default:
        lua_pushnil(L);
    }
}

/* How many entries a table has, and whether their keys are 1 to n: then it is an array. */
SL_LUA_FN bool sl_lua__is_array(lua_State *L, int table, size_t *len) {
    bool is_array = true;
    size_t most = (size_t)sl_lua__rawlen(L, table);
    *len = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        ++*len;
        if (lua_type(L, -2) != LUA_TNUMBER || lua_tonumber(L, -2) < 1 ||
            lua_tonumber(L, -2) > (lua_Number)most ||
            (lua_Number)sl_lua__integer(L, -2) != lua_tonumber(L, -2)) {
            is_array = false;
        }
    }
    return is_array && *len == most;
}

/* Bytes that what lies below the value at `index` needs. Raises for what is no value. */
SL_LUA_FN size_t sl_lua__measure(lua_State *L, int index, int depth) {
    int kind = lua_type(L, index);
    size_t len, bytes;
    if (kind == LUA_TFUNCTION || kind == LUA_TUSERDATA || kind == LUA_TTHREAD) {
        sl_lua__error(L, "a %s is no value", lua_typename(L, kind));
    }
    if (kind != LUA_TTABLE) {
        return 0;
    }
    if (depth == SL_LUA__DEPTH_MAX) {
        sl_lua__error(L, "a table is deeper than %d, or contains itself", SL_LUA__DEPTH_MAX);
    }
    luaL_checkstack(L, 4, "a table is too deep");
    index = sl_lua__absolute(L, index);
    bytes = sl_lua__is_array(L, index, &len) ? len * sizeof(sl_value) : len * sizeof(sl_entry);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TTABLE) {
            sl_lua__error(L, "a table is no key of a value");
        }
        bytes += sl_lua__measure(L, -2, depth + 1) + sl_lua__measure(L, -1, depth + 1);
        if (bytes > SL_LUA__BYTES_MAX) {
            sl_lua__error(L, "a table has too many entries for a value");
        }
    }
    return bytes;
}

/* Fills `out` with the value at `index`; lists go to `room`, which moves on. */
SL_LUA_FN void sl_lua__fill(lua_State *L, int index, sl_value *out, char **room) {
    size_t len = 0;
    memset(out, 0, sizeof *out);
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        out->kind = SL_VALUE_KIND_BOOLEAN;
        out->as.boolean = lua_toboolean(L, index) != 0;
        return;
    case LUA_TNUMBER:
#if LUA_VERSION_NUM >= 503
        if (lua_isinteger(L, index)) {
            out->kind = SL_VALUE_KIND_INTEGER;
            out->as.integer = (int64_t)lua_tointeger(L, index);
            return;
        }
#endif
        out->kind = SL_VALUE_KIND_NUMBER;
        out->as.number = (double)lua_tonumber(L, index);
        return;
    case LUA_TSTRING:
        out->kind = SL_VALUE_KIND_BYTES;
        out->as.bytes.data = lua_tolstring(L, index, &len);
        out->as.bytes.len = len;
        return;
    case LUA_TLIGHTUSERDATA:
        out->kind = SL_VALUE_KIND_POINTER;
        out->as.pointer = lua_touserdata(L, index);
        return;
    case LUA_TTABLE:
        break;
    default:
        return;
    }
    index = sl_lua__absolute(L, index);
    if (sl_lua__is_array(L, index, &len)) {
        sl_value *items = (sl_value *)(void *)*room;
        *room += len * sizeof *items;
        out->kind = SL_VALUE_KIND_ARRAY;
        out->as.array.items = items;
        out->as.array.len = len;
        for (size_t at = 0; at < len; at++, lua_pop(L, 1)) {
            lua_rawgeti(L, index, (int)at + 1);
            sl_lua__fill(L, -1, &items[at], room);
        }
        return;
    }
    sl_entry *entry = (sl_entry *)(void *)*room;
    *room += len * sizeof *entry;
    out->kind = SL_VALUE_KIND_MAP;
    out->as.map.entries = entry;
    out->as.map.len = len;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), entry++) {
        sl_lua__fill(L, -2, &entry->key, room);
        sl_lua__fill(L, -1, &entry->value, room);
    }
}

/* Gives the value at `index` in the form of the library, for a call that copies it. Pushes a
   userdata that owns the lists in it; strings are lent from Lua. Both are valid while that userdata
   and the value at `index` are on the stack and the value does not change. Numbers of a Lua without
   integers are SL_VALUE_KIND_NUMBER.
   Raises: for a function, full userdata or coroutine in it, for a table that is deeper than 100 or
   contains itself, and for want of memory or stack. */
SL_LUA_FN const sl_value *sl_lua_to_value(lua_State *L, int index) {
    size_t bytes = sl_lua__measure(L, index, 0);
    sl_value *value;
    char *room;
    index = sl_lua__absolute(L, index);
    value = (sl_value *)lua_newuserdata(L, sizeof(sl_value) + bytes);
    room = (char *)(value + 1);
    sl_lua__fill(L, index, value, &room);
    return value;
}

#endif /* SCRIPTLOOP_LUA_VALUE_H */
