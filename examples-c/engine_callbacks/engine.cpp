/*
 * engine_callbacks: a small engine whose scripts have its own Lua 5.4, linked statically, and the
 * module `callbacks`. lua_callbacks.h is what its other files include; a loader thread sends what
 * it has loaded, and the script that waits for it in run-loop goes on at once.
 *
 *   cargo build --release
 *   c++ -std=c++17 -Iinclude -I/usr/include/lua5.4 examples-c/engine_callbacks/engine.cpp \
 *       examples-c/engine_callbacks/lua_callbacks.cpp -o target/engine_callbacks \
 *       -l:liblua5.4.a -ldl -Ltarget/release -lscriptloop \
 *       -Wl,-rpath,"$PWD/target/release" -pthread
 *   target/engine_callbacks
 *
 * With CMake (liblua5.4-dev is installed):
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.engine_callbacks --output-on-failure
 */
#include "lua_callbacks.h"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <stdexcept>
#include <string>
#include <thread>

#include <lua.hpp>

namespace {

/* Loads assets on a thread of its own and knows nothing of the main thread but a number. */
class loader {
  public:
    loader() : thread_([this] { run(); }) {}
    ~loader() {
        request("", 0);
        thread_.join();
    }
    void request(std::string name, std::uint64_t id) {
        const std::lock_guard<std::mutex> locked(lock_);
        requests_.emplace_back(std::move(name), id);
        there_is_one_.notify_one();
    }

  private:
    void run() {
        for (;;) {
            std::unique_lock<std::mutex> locked(lock_);
            there_is_one_.wait(locked, [this] { return !requests_.empty(); });
            const auto [name, id] = requests_.front();
            requests_.pop_front();
            locked.unlock();
            if (name.empty()) {
                return;
            }
            /* Captures by value: it runs later, on the main thread. */
            lua_callbacks_enqueue(id, [name = name](lua_State *L) {
                if (name == "broken") {
                    throw std::runtime_error("asset 'broken' has no header");
                }
                lua_createtable(L, 0, 2);
                lua_pushstring(L, name.c_str());
                lua_setfield(L, -2, "name");
                lua_pushinteger(L, static_cast<lua_Integer>(name.size()) * 1024);
                lua_setfield(L, -2, "bytes");
            });
        }
    }

    std::mutex lock_;
    std::condition_variable there_is_one_;
    std::deque<std::pair<std::string, std::uint64_t>> requests_;
    std::thread thread_;
};

loader *assets;

/* engine.load(name, id): the callback gets the asset when it is there. */
int engine_load(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    const lua_Integer id = luaL_checkinteger(L, 2);
    assets->request(name, static_cast<std::uint64_t>(id));
    return 0;
}

const char *const script = R"lua(
local callbacks = require "callbacks"

local loaded, total = {}, 0
local on_asset = callbacks.register(function(asset)
    loaded[#loaded + 1] = asset.name
    total = total + asset.bytes
end)
for _, name in ipairs { "hero", "broken", "castle" } do engine.load(name, on_asset) end

local all = callbacks["run-loop"] {
    ["until"] = function() return #loaded == 2 end,
    ["timeout-ms"] = 2000,
}
assert(all and loaded[1] == "hero" and loaded[2] == "castle")
callbacks.unregister(on_asset)

-- From here on the frames of the engine dispatch.
ticks = 0
callbacks["set-timer"](1, function() ticks = ticks + 1 end, 1)
on_damage = callbacks.register(function(points) health = (health or 100) - points end)
return total
)lua";

/* The number in a global of the script's. */
std::uint64_t global(lua_State *L, const char *name) {
    lua_getglobal(L, name);
    const lua_Integer number = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return static_cast<std::uint64_t>(number);
}

bool run(lua_State *L, const scriptloop::loop &loop) {
    if (!lua_callbacks_open(L, loop.get())) {
        return false;
    }
    lua_newtable(L);
    lua_pushcfunction(L, engine_load);
    lua_setfield(L, -2, "load");
    lua_setglobal(L, "engine");
    if (luaL_dostring(L, script)) {
        std::fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return false;
    }
    std::printf("the script waited for %lld bytes of assets\n",
                static_cast<long long>(lua_tointeger(L, -1)));
    const std::uint64_t on_damage = global(L, "on_damage");
    int frames = 0;
    for (; frames < 600 && global(L, "ticks") < 3; ++frames) {
        if (frames < 5) {
            lua_callbacks_enqueue_value(on_damage, 7);
        }
        if (!loop.run_once(std::chrono::milliseconds(16))) {
            return false;
        }
        lua_callbacks_dispatch(0);
    }
    std::printf("%d frames, health %lld\n", frames, static_cast<long long>(global(L, "health")));
    const bool ok = global(L, "ticks") >= 3 && lua_callbacks_unregister(on_damage);
    lua_callbacks_shutdown();
    return ok && !lua_callbacks_enqueue_value(on_damage, 7);
}

} // namespace

int main() {
    const scriptloop::loop loop = scriptloop::loop::make().value();
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    loader all;
    assets = &all;
    const bool ok = run(L, loop);
    lua_close(L);
    return ok ? 0 : 1;
}
