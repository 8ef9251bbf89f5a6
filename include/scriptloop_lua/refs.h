/* Lua values that C keeps. A part of scriptloop_lua.h.
 *
 * As luaL_ref, in a table of its own, with one difference: giving a value up never needs memory, so
 * that it never raises. luaL_unref may, in most Luas; and ours run inside of the library, through
 * which nothing may be raised.
 */
#ifndef SCRIPTLOOP_LUA_REFS_H
#define SCRIPTLOOP_LUA_REFS_H

typedef struct sl_lua__refs {
    int table;   /* a reference of luaL_ref, for good */
    int used;    /* places that were ever in use */
    int *vacant; /* those of them that are free: there is room for all */
    int vacant_len;
    int capacity;
} sl_lua__refs;

/* Raises: for want of memory. */
SL_LUA_FN void sl_lua__open_refs(lua_State *L, sl_lua__refs *refs) {
    memset(refs, 0, sizeof *refs);
    lua_newtable(L);
    refs->table = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pops the value on top of the stack, which is not nil, and gives its place.
   Raises: for want of memory; then nothing is kept. */
SL_LUA_FN int sl_lua__ref(lua_State *L, sl_lua__refs *refs) {
    int place = refs->vacant_len > 0 ? refs->vacant[refs->vacant_len - 1] : refs->used + 1;
    if (refs->used == refs->capacity) {
        int capacity = refs->capacity == 0 ? 16 : refs->capacity * 2;
        int *vacant = (int *)realloc(refs->vacant, (size_t)capacity * sizeof *vacant);
        if (vacant == NULL) {
            sl_lua__error(L, "not enough memory");
        }
        refs->vacant = vacant;
        refs->capacity = capacity;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, refs->table);
    lua_insert(L, -2);
    lua_rawseti(L, -2, place);
    lua_pop(L, 1);
    if (refs->vacant_len > 0) {
        refs->vacant_len--;
    } else {
        refs->used++;
    }
    return place;
}

SL_LUA_FN void sl_lua__push_ref(lua_State *L, const sl_lua__refs *refs, int place) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, refs->table);
    lua_rawgeti(L, -1, place);
    lua_remove(L, -2);
}

SL_LUA_FN void sl_lua__unref(lua_State *L, sl_lua__refs *refs, int place) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, refs->table);
    lua_pushnil(L);
    lua_rawseti(L, -2, place); /* a key that is there */
    lua_pop(L, 1);
    refs->vacant[refs->vacant_len++] = place;
}

#endif /* SCRIPTLOOP_LUA_REFS_H */
