#include "lua_callbacks.h"

#include <atomic>

#include <scriptloop_lua.h>

static lua_State *state;
static std::atomic<sl_callbacks *> callbacks{nullptr}; // a handle: one that is too old is refused

static sl_status build(void *userdata, void *target) {
    lua_State *L = static_cast<lua_State *>(target);
    char text[256] = "unknown exception";
    try {
        (*static_cast<lua_payload_builder *>(userdata))(L);
        return SL_STATUS_OK;
    } catch (const std::exception &error) {
        std::snprintf(text, sizeof text, "%s", error.what());
    } catch (...) {
    }
    return luaL_error(L, "%s", text); // out here nothing is left that a long jump would skip
}

bool lua_callbacks_open(lua_State *L, sl_loop *loop) {
    if (sl_lua_open_callbacks(L, loop, nullptr) != SL_STATUS_OK) {
        return false;
    }
    state = L;
    callbacks = sl_lua_callbacks(L);
    return true;
}

uint64_t lua_callbacks_register(lua_State *L, int index) {
    return lua_isfunction(L, index) ? sl_lua_register(L, index, 0) : 0;
}

bool lua_callbacks_unregister(uint64_t id) {
    return sl_callbacks_unregister(callbacks, id) == SL_STATUS_OK;
}

bool lua_callbacks_enqueue(uint64_t id, lua_payload_builder payload_builder) {
    auto builder = std::make_unique<lua_payload_builder>(std::move(payload_builder));
    const auto drop = [](void *userdata) { delete static_cast<lua_payload_builder *>(userdata); };
    if (sl_callbacks_enqueue(callbacks, id, build, builder.get(), drop) != SL_STATUS_OK) {
        return false;
    }
    (void)builder.release(); // the library drops it when it has run, or when it never will
    return true;
}

bool lua_callbacks_enqueue_value(uint64_t id, const scriptloop::value &value) {
    return sl_callbacks_enqueue_value(callbacks, id, &value.get()) == SL_STATUS_OK;
}

size_t lua_callbacks_dispatch(size_t max) {
    uint64_t dispatched = 0;
    return sl_callbacks_dispatch(callbacks, max, &dispatched) == SL_STATUS_OK ? dispatched : 0;
}

void lua_callbacks_shutdown() {
    sl_lua_shutdown(state);
}
