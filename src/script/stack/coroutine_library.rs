//! The `coroutine` library. It differs from Lua's own in what scripts do not see: it keeps track
//! of which coroutine runs, so that the hook is armed on that one, also on one that is older than
//! the job; and the coroutine that jobs run on is taken for the main one.

use std::ffi::{c_char, c_int};
use std::ptr;

use mlua::ffi::{self, lua_State};

use super::hook::{charge_resume, is_root, ran_out_of_memory, switch_to};

unsafe extern "C-unwind" {
    /// Lua's own, which the bindings lack.
    fn luaL_typeerror(lua: *mut lua_State, argument: c_int, name: *const c_char) -> c_int;
}

/// Their names in `coroutine`; `create` is Lua's own.
pub(super) const FUNCTIONS: [super::Entry; 6] = [
    (c"close", close),
    (c"isyieldable", isyieldable),
    (c"resume", resume),
    (c"running", running),
    (c"wrap", wrap),
    (c"yield", yield_values),
];

/// The coroutine at 1.
fn coroutine_at_1(lua: *mut lua_State) -> *mut lua_State {
    // SAFETY: no preconditions.
    let other = unsafe { ffi::lua_tothread(lua, 1) };
    if other.is_null() {
        // SAFETY: raises; nothing with a destructor is alive, here and below.
        unsafe { luaL_typeerror(lua, 1, c"coroutine".as_ptr()) };
    }
    other
}

/// Resumes `other` with the `arguments` highest values. `Ok` with the number of results, or `Err`
/// with the error, on top.
fn resume_with(
    lua: *mut lua_State,
    other: *mut lua_State,
    arguments: c_int,
) -> Result<c_int, c_int> {
    // SAFETY: no preconditions.
    if unsafe { ffi::lua_checkstack(other, arguments) } == 0 {
        let text = c"too many arguments to resume";
        // SAFETY: a C function has room for 20 values.
        unsafe { ffi::lua_pushstring(lua, text.as_ptr()) };
        return Err(ffi::LUA_ERRRUN);
    }
    // SAFETY: so many values are there, and `other` has room for them.
    unsafe { ffi::lua_xmove(lua, other, arguments) };
    let mut results = 0;
    charge_resume(lua);
    switch_to(other);
    // SAFETY: whatever `other` is doing, Lua finds out.
    let code = unsafe { ffi::lua_resume(other, lua, arguments, &mut results) };
    switch_to(lua);
    if code != ffi::LUA_OK && code != ffi::LUA_YIELD {
        if code == ffi::LUA_ERRMEM {
            ran_out_of_memory(lua);
        }
        // SAFETY: the error is on top of `other`.
        unsafe { ffi::lua_xmove(other, lua, 1) };
        return Err(code);
    }
    // SAFETY: no preconditions.
    if unsafe { ffi::lua_checkstack(lua, results + 1) } == 0 {
        // SAFETY: so many results are there.
        unsafe { ffi::lua_settop(other, -results - 1) };
        let text = c"too many results to resume";
        // SAFETY: there is room for an error message.
        unsafe { ffi::lua_pushstring(lua, text.as_ptr()) };
        return Err(ffi::LUA_ERRRUN);
    }
    // SAFETY: so many results are there, and room for them.
    unsafe { ffi::lua_xmove(other, lua, results) };
    Ok(results)
}

/// Closes `other`, whose handlers may run. Leaves its error on its stack, if there is one.
fn close_other(lua: *mut lua_State, other: *mut lua_State) -> c_int {
    switch_to(other);
    // SAFETY: the caller knows that it does not run.
    let code = unsafe { ffi::lua_closethread(other, lua) };
    switch_to(lua);
    if code == ffi::LUA_ERRMEM {
        ran_out_of_memory(lua);
    }
    code
}

unsafe extern "C-unwind" fn resume(lua: *mut lua_State) -> c_int {
    let other = coroutine_at_1(lua);
    // SAFETY: no preconditions.
    let arguments = unsafe { ffi::lua_gettop(lua) } - 1;
    let (success, results) = match resume_with(lua, other, arguments) {
        Ok(results) => (1, results),
        Err(_) => (0, 1),
    };
    // SAFETY: `resume_with` has left room for one more.
    unsafe { ffi::lua_pushboolean(lua, success) };
    // SAFETY: the results are on top.
    unsafe { ffi::lua_rotate(lua, -(results + 1), 1) };
    results + 1
}

unsafe extern "C-unwind" fn wrap(lua: *mut lua_State) -> c_int {
    // SAFETY: raises when it is none.
    unsafe { ffi::luaL_checktype(lua, 1, ffi::LUA_TFUNCTION) };
    // SAFETY: there is room, here and below.
    let other = unsafe { ffi::lua_newthread(lua) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 1) };
    // SAFETY: a new coroutine has room for 20 values.
    unsafe { ffi::lua_xmove(lua, other, 1) };
    // SAFETY: its one upvalue is on top.
    unsafe { ffi::lua_pushcclosure(lua, resume_wrapped, 1) };
    1
}

unsafe extern "C-unwind" fn resume_wrapped(lua: *mut lua_State) -> c_int {
    // SAFETY: `wrap` put it there.
    let other = unsafe { ffi::lua_tothread(lua, ffi::lua_upvalueindex(1)) };
    // SAFETY: no preconditions.
    let arguments = unsafe { ffi::lua_gettop(lua) };
    let code = match resume_with(lua, other, arguments) {
        Ok(results) => return results,
        Err(code) => code,
    };
    let mut code = code;
    // SAFETY: no preconditions.
    let status = unsafe { ffi::lua_status(other) };
    if status != ffi::LUA_OK && status != ffi::LUA_YIELD {
        // Its error is here already, but closing may raise another one.
        // SAFETY: there is room for it.
        unsafe { ffi::lua_xmove(lua, other, 1) };
        code = close_other(lua, other);
        // SAFETY: a coroutine that ended with an error has one on top.
        unsafe { ffi::lua_xmove(other, lua, 1) };
    }
    // SAFETY: the error is on top.
    if code != ffi::LUA_ERRMEM && unsafe { ffi::lua_type(lua, -1) } == ffi::LUA_TSTRING {
        // SAFETY: there is room for the place.
        unsafe { ffi::luaL_where(lua, 1) };
        // SAFETY: two values are there.
        unsafe { ffi::lua_rotate(lua, -2, 1) };
        // SAFETY: two strings are on top.
        unsafe { ffi::lua_concat(lua, 2) };
    }
    // SAFETY: the error is on top.
    unsafe { ffi::lua_error(lua) }
}

unsafe extern "C-unwind" fn yield_values(lua: *mut lua_State) -> c_int {
    if is_root(lua) {
        let text = c"attempt to yield from outside a coroutine";
        // SAFETY: raises.
        unsafe { ffi::luaL_error(lua, text.as_ptr()) };
    }
    // SAFETY: no preconditions.
    let values = unsafe { ffi::lua_gettop(lua) };
    // SAFETY: so many values are there. Raises where this cannot yield.
    unsafe { ffi::lua_yieldk(lua, values, 0, None) }
}

unsafe extern "C-unwind" fn running(lua: *mut lua_State) -> c_int {
    // SAFETY: there is room, here and below.
    let is_main = unsafe { ffi::lua_pushthread(lua) } != 0 || is_root(lua);
    // SAFETY: as above.
    unsafe { ffi::lua_pushboolean(lua, is_main.into()) };
    2
}

unsafe extern "C-unwind" fn isyieldable(lua: *mut lua_State) -> c_int {
    // SAFETY: no preconditions.
    let given = unsafe { ffi::lua_type(lua, 1) } == ffi::LUA_TTHREAD;
    let other = if given { coroutine_at_1(lua) } else { lua };
    // SAFETY: no preconditions.
    let can = unsafe { ffi::lua_isyieldable(other) } != 0 && !is_root(other);
    // SAFETY: there is room.
    unsafe { ffi::lua_pushboolean(lua, can.into()) };
    1
}

/// Whether `other` runs, or has resumed the one that runs.
fn is_active(lua: *mut lua_State, other: *mut lua_State) -> bool {
    if ptr::eq(lua, other) || is_root(other) {
        return true;
    }
    let mut record = std::mem::MaybeUninit::<ffi::lua_Debug>::zeroed();
    // SAFETY: no preconditions.
    let suspended = unsafe { ffi::lua_status(other) } != ffi::LUA_OK;
    // SAFETY: the record is writable.
    !suspended && unsafe { ffi::lua_getstack(other, 0, record.as_mut_ptr()) } != 0
}

unsafe extern "C-unwind" fn close(lua: *mut lua_State) -> c_int {
    let other = coroutine_at_1(lua);
    if is_active(lua, other) {
        let text = if ptr::eq(lua, other) {
            c"cannot close a running coroutine"
        } else {
            c"cannot close a normal coroutine"
        };
        // SAFETY: raises.
        unsafe { ffi::luaL_error(lua, text.as_ptr()) };
    }
    if close_other(lua, other) == ffi::LUA_OK {
        // SAFETY: there is room, here and below.
        unsafe { ffi::lua_pushboolean(lua, 1) };
        return 1;
    }
    // SAFETY: as above.
    unsafe { ffi::lua_pushboolean(lua, 0) };
    // SAFETY: the error is on top of `other`.
    unsafe { ffi::lua_xmove(other, lua, 1) };
    2
}
