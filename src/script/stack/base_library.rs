//! What of the base library a sandbox has in another form.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use mlua::ffi::{self, lua_State};

use super::environment::is_view;

/// Their names in the global table.
pub(super) const FUNCTIONS: [super::Entry; 3] = [
    (c"collectgarbage", collectgarbage),
    (c"getmetatable", getmetatable),
    (c"setmetatable", setmetatable),
];

unsafe extern "C-unwind" {
    /// Lua's own, which the bindings lack.
    fn luaL_typeerror(lua: *mut lua_State, argument: c_int, name: *const c_char) -> c_int;
}

/// Without what would change the collector for the next job, or switch it off.
unsafe extern "C-unwind" fn collectgarbage(lua: *mut lua_State) -> c_int {
    // SAFETY: raises when it is no string; nothing with a destructor is alive, here and below.
    let option = unsafe { ffi::luaL_optlstring(lua, 1, c"collect".as_ptr(), ptr::null_mut()) };
    // SAFETY: Lua's strings end with a NUL.
    let option = unsafe { CStr::from_ptr(option) };
    if option == c"count" {
        // SAFETY: these take no arguments.
        let kib = unsafe { ffi::lua_gc(lua, ffi::LUA_GCCOUNT) };
        // SAFETY: as above.
        let rest = unsafe { ffi::lua_gc(lua, ffi::LUA_GCCOUNTB) };
        // SAFETY: there is room.
        unsafe { ffi::lua_pushnumber(lua, f64::from(kib) + f64::from(rest) / 1024.0) };
        return 1;
    }
    if option == c"collect" {
        // SAFETY: as above.
        unsafe { ffi::lua_gc(lua, ffi::LUA_GCCOLLECT) };
        // SAFETY: there is room.
        unsafe { ffi::lua_pushinteger(lua, 0) };
        return 1;
    }
    if option == c"step" || option == c"isrunning" {
        let least: c_int = 0;
        // SAFETY: a step has one argument.
        let ended =
            option == c"isrunning" || unsafe { ffi::lua_gc(lua, ffi::LUA_GCSTEP, least) } != 0;
        // SAFETY: there is room.
        unsafe { ffi::lua_pushboolean(lua, ended.into()) };
        return 1;
    }
    // SAFETY: raises.
    unsafe { ffi::luaL_argerror(lua, 1, c"not available to scripts in a sandbox".as_ptr()) }
}

/// Finalizers would run in the next job, and where no hook can stop them: `__gc` is as good as not
/// there.
unsafe extern "C-unwind" fn setmetatable(lua: *mut lua_State) -> c_int {
    // SAFETY: raises when it is none, here and below.
    unsafe { ffi::luaL_checktype(lua, 1, ffi::LUA_TTABLE) };
    // SAFETY: no preconditions.
    let kind = unsafe { ffi::lua_type(lua, 2) };
    if kind != ffi::LUA_TNIL && kind != ffi::LUA_TTABLE {
        // SAFETY: raises.
        unsafe { luaL_typeerror(lua, 2, c"nil or table".as_ptr()) };
    }
    complete(lua);
    // SAFETY: the object is at 1, and a C function has room for 20 values.
    if unsafe { ffi::luaL_getmetafield(lua, 1, c"__metatable".as_ptr()) } != ffi::LUA_TNIL {
        // SAFETY: raises.
        unsafe { ffi::luaL_error(lua, c"cannot change a protected metatable".as_ptr()) };
    }
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, 2) };
    if kind == ffi::LUA_TTABLE && has_finalizer(lua) {
        // SAFETY: 3 is the name, 4 the finalizer; a key that exists takes any value.
        unsafe { ffi::lua_pushvalue(lua, 3) };
        // SAFETY: as above.
        unsafe { ffi::lua_pushnil(lua) };
        // SAFETY: as above.
        unsafe { ffi::lua_rawset(lua, 2) };
        // SAFETY: as above.
        unsafe { ffi::lua_pushvalue(lua, 2) };
        // SAFETY: as above.
        unsafe { ffi::lua_setmetatable(lua, 1) };
        // SAFETY: the field was there a moment ago.
        unsafe { ffi::lua_rawset(lua, 2) };
    } else {
        // SAFETY: a table or nil is on top.
        unsafe { ffi::lua_setmetatable(lua, 1) };
    }
    // SAFETY: the object stays.
    unsafe { ffi::lua_settop(lua, 1) };
    1
}

/// A job's view of its globals or of a library becomes a plain table.
fn complete(lua: *mut lua_State) {
    if is_view(lua) {
        // SAFETY: there is room.
        unsafe { ffi::lua_pushvalue(lua, 1) };
        // SAFETY: the function and its argument are there.
        unsafe { ffi::lua_callk(lua, 1, 0, 0, None) };
    }
}

/// A job's view of its globals or of a library has no metatable that a script could see.
unsafe extern "C-unwind" fn getmetatable(lua: *mut lua_State) -> c_int {
    // SAFETY: raises when there is none.
    unsafe { ffi::luaL_checkany(lua, 1) };
    // SAFETY: there is room, here and below.
    if is_view(lua) || unsafe { ffi::lua_getmetatable(lua, 1) } == 0 {
        // SAFETY: as above.
        unsafe { ffi::lua_pushnil(lua) };
        return 1;
    }
    // Either the field, or the metatable that is on top.
    // SAFETY: as above.
    unsafe { ffi::luaL_getmetafield(lua, 1, c"__metatable".as_ptr()) };
    1
}

/// Whether the table at 2 has a finalizer; leaves its name and it, if so.
fn has_finalizer(lua: *mut lua_State) -> bool {
    // SAFETY: there is room, here and below.
    unsafe { ffi::lua_pushstring(lua, c"__gc".as_ptr()) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 3) };
    // SAFETY: a table is at 2.
    if unsafe { ffi::lua_rawget(lua, 2) } != ffi::LUA_TNIL {
        return true;
    }
    // SAFETY: two values are above the metatable.
    unsafe { ffi::lua_settop(lua, 2) };
    false
}
