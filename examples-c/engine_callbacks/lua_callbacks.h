// The callbacks of an engine's Lua, in the shape that engines write by hand. What is behind it is
// scriptloop: an enqueue from any thread ends the wait of a script's run-loop at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <scriptloop.hpp>

struct lua_State;

// Pushes one value onto the stack, with the plain Lua API. Runs on the main thread, in the dispatch
// that delivers it; what it throws is reported, and the other callbacks run.
using lua_payload_builder = std::function<void(lua_State *L)>;

// Gives the state its module `callbacks`; `loop` is where run-loop waits.
bool lua_callbacks_open(lua_State *L, sl_loop *loop);
// Gives the function at `index` a number; 0 if there is none.
uint64_t lua_callbacks_register(lua_State *L, int index);
bool lua_callbacks_unregister(uint64_t id);
// From any thread. False when the callbacks have been shut down.
bool lua_callbacks_enqueue(uint64_t id, lua_payload_builder payload_builder);
bool lua_callbacks_enqueue_value(uint64_t id, const scriptloop::value &value);
// Calls what is queued, at most `max`, 0 = all; gives how many.
size_t lua_callbacks_dispatch(size_t max);
void lua_callbacks_shutdown();
