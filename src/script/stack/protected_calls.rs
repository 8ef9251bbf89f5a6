//! `pcall` and `xpcall`. They differ from Lua's own in two things: a script that catches the
//! error of having no memory ends with its job all the same, and a message handler does not run
//! for a job that has to end: it would run inside the hook, where nothing can stop it.

use std::ffi::c_int;

use mlua::ffi::{self, lua_KContext, lua_State};

use super::hook::{interrupt_of, ran_out_of_memory};

/// Their names in the global table.
pub(super) const FUNCTIONS: [super::Entry; 2] = [(c"pcall", pcall), (c"xpcall", xpcall)];

unsafe extern "C-unwind" fn pcall(lua: *mut lua_State) -> c_int {
    // SAFETY: raises when there is no argument; nothing with a destructor is alive, here and
    // below.
    unsafe { ffi::luaL_checkany(lua, 1) };
    // SAFETY: a C function has room for 20 values.
    unsafe { ffi::lua_pushboolean(lua, 1) };
    // SAFETY: the result goes below the function and its arguments.
    unsafe { ffi::lua_rotate(lua, 1, 1) };
    // SAFETY: no preconditions.
    let arguments = unsafe { ffi::lua_gettop(lua) } - 2;
    // SAFETY: the function and its arguments are there.
    let code = unsafe { ffi::lua_pcallk(lua, arguments, ffi::LUA_MULTRET, 0, 0, Some(finish)) };
    // SAFETY: what the call has left is on the stack.
    unsafe { finish(lua, code, 0) }
}

unsafe extern "C-unwind" fn xpcall(lua: *mut lua_State) -> c_int {
    // SAFETY: no preconditions.
    let arguments = unsafe { ffi::lua_gettop(lua) } - 2;
    // SAFETY: raises when it is none.
    unsafe { ffi::luaL_checktype(lua, 2, ffi::LUA_TFUNCTION) };
    // SAFETY: there are two arguments.
    if unsafe { ffi::lua_iscfunction(lua, 2) } == 0 {
        // SAFETY: there is room, here and below.
        unsafe { ffi::lua_pushvalue(lua, 2) };
        // SAFETY: its one upvalue is on top.
        unsafe { ffi::lua_pushcclosure(lua, handle, 1) };
        // SAFETY: there are two arguments.
        unsafe { ffi::lua_replace(lua, 2) };
    }
    // SAFETY: as above.
    unsafe { ffi::lua_pushboolean(lua, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 1) };
    // SAFETY: the result and the function go below the arguments.
    unsafe { ffi::lua_rotate(lua, 3, 2) };
    // SAFETY: the function, its arguments and the handler at 2 are there.
    let code = unsafe { ffi::lua_pcallk(lua, arguments, ffi::LUA_MULTRET, 2, 2, Some(finish)) };
    // SAFETY: what the call has left is on the stack.
    unsafe { finish(lua, code, 2) }
}

/// Makes the results of a call that has ended; below them are `below` values.
unsafe extern "C-unwind" fn finish(lua: *mut lua_State, code: c_int, below: lua_KContext) -> c_int {
    if code == ffi::LUA_OK || code == ffi::LUA_YIELD {
        // SAFETY: no preconditions.
        return unsafe { ffi::lua_gettop(lua) } - below as c_int;
    }
    if code == ffi::LUA_ERRMEM {
        ran_out_of_memory(lua);
    }
    // SAFETY: the error is on top, and there is room for two values.
    unsafe { ffi::lua_pushboolean(lua, 0) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, -2) };
    2
}

/// Calls the message handler that is its upvalue.
unsafe extern "C-unwind" fn handle(lua: *mut lua_State) -> c_int {
    if interrupt_of(lua).is_some_and(|interrupt| interrupt.is_pending()) {
        return 1;
    }
    // SAFETY: handlers have room for as many values as any C function.
    unsafe { ffi::lua_pushvalue(lua, ffi::lua_upvalueindex(1)) };
    // SAFETY: the handler goes below the error.
    unsafe { ffi::lua_rotate(lua, 1, 1) };
    // SAFETY: the handler and its argument are there.
    unsafe { ffi::lua_callk(lua, 1, 1, 0, None) };
    1
}
