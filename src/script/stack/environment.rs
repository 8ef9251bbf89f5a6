//! Isolation: each job gets a table of globals of its own.
//!
//! It is empty at first. What the job asks for is taken from the base, the globals that the state
//! was set up with and that no job ever sees: functions as they are, libraries as copies, so that
//! a job may change them as it likes. Making a table costs a tenth of a microsecond, and a
//! library only costs the jobs that use it.

use std::ffi::{CStr, c_int};

use mlua::ffi::{self, lua_State};

use super::{Failure, Index, Stack};

/// Entries that a library has room for, as a rule.
const LIBRARY_ENTRIES: c_int = 24;

/// The upvalues of `lookup`.
const BASE: c_int = 1;
const STRINGS: c_int = 2;
const STRINGS_META: c_int = 3;
const PACKAGE: c_int = 4;
const MAKE_PACKAGE: c_int = 5;

/// The keys of the registry under which a state keeps what its environments need.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    base: c_int,
    meta: c_int,
    strings: c_int,
    strings_meta: c_int,
}

impl Stack<'_> {
    /// Prepares a state whose globals are complete. On top is the function that makes `require`
    /// and `package` for a job's globals. `None` when memory ran out.
    pub fn new_environment(&mut self) -> Option<Environment> {
        let make_package = self.top();
        self.protect(1, |stack| stack.push_environment()).ok()?;
        let mut keys = [0; 4];
        for key in keys.iter_mut().rev() {
            *key = self.keep_top()?;
            let top = self.top();
            self.cut(top - 1);
        }
        self.cut(make_package - 1);
        let [base, meta, strings, strings_meta] = keys;
        Some(Environment { base, meta, strings, strings_meta })
    }

    /// The next job's globals are new.
    #[inline]
    pub fn begin_environment(&mut self, environment: &Environment) -> Result<(), Failure> {
        let meta = environment.meta;
        self.protect(0, |stack| stack.set_new_globals(meta))
    }

    /// The job's globals are forgotten, and what it did to strings.
    #[inline]
    pub fn end_environment(&mut self, environment: &Environment) {
        let top = self.top();
        self.push_kept(environment.base);
        // SAFETY: the registry has this field; assigning to it allocates nothing.
        unsafe { ffi::lua_rawseti(self.lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS) };
        self.push_kept(environment.strings_meta);
        // SAFETY: there is room for three values; the string exists in the state, so that
        // pushing it allocates nothing as long as the metatable has it as a key.
        unsafe { ffi::lua_pushlstring(self.lua, c"__index".as_ptr(), 7) };
        self.push_kept(environment.strings);
        // SAFETY: the metatable is below its key and value.
        unsafe { ffi::lua_rawset(self.lua, top + 1) };
        self.cut(top);
    }

    /// The function at `function`, a chunk, sees the current globals.
    #[inline]
    pub fn use_globals(&mut self, function: Index) {
        // SAFETY: the place was reserved; the registry has this field.
        unsafe {
            ffi::lua_rawgeti(self.lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        }
        // SAFETY: the function is there. A chunk's first upvalue is its environment.
        if unsafe { ffi::lua_setupvalue(self.lua, function, 1) }.is_null() {
            let top = self.top();
            self.cut(top - 1);
        }
    }
}

/// Pushes a field of the table at `index`, raw.
///
/// # Safety
///
/// There is a table, and room for a value.
unsafe fn push_field(lua: *mut lua_State, index: Index, name: &CStr) {
    // SAFETY: as the caller promised.
    let table = unsafe { ffi::lua_absindex(lua, index) };
    // SAFETY: as the caller promised.
    unsafe { ffi::lua_pushstring(lua, name.as_ptr()) };
    // SAFETY: as the caller promised.
    unsafe { ffi::lua_rawget(lua, table) };
}

/// From the function that makes packages, on top: leaves base, metatable of environments, the
/// string library and the metatable of strings.
pub(super) fn push_environment(lua: *mut lua_State) {
    let make_package: Index = 1;
    // SAFETY: the caller has reserved room for all of this and catches errors, here and below.
    unsafe { ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS) };
    let base: Index = 2;
    // SAFETY: as above.
    unsafe { ffi::lua_createtable(lua, 0, 2) };
    let meta: Index = 3;
    // SAFETY: the globals are a table.
    unsafe { push_field(lua, base, c"string") };
    let strings: Index = 4;
    // SAFETY: as above.
    unsafe { ffi::lua_pushlstring(lua, c"".as_ptr(), 0) };
    // SAFETY: a string is on top, and strings have a metatable.
    unsafe { ffi::lua_getmetatable(lua, -1) };
    // SAFETY: two values are there.
    unsafe { ffi::lua_rotate(lua, -2, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, -2) };
    let strings_meta: Index = 5;
    for function in [lookup as ffi::lua_CFunction, pairs] {
        for upvalue in [base, strings, strings_meta] {
            // SAFETY: it is there.
            unsafe { ffi::lua_pushvalue(lua, upvalue) };
        }
        // SAFETY: the globals are a table.
        unsafe { push_field(lua, base, c"package") };
        // SAFETY: it is there.
        unsafe { ffi::lua_pushvalue(lua, make_package) };
        // SAFETY: its five upvalues are on top.
        unsafe { ffi::lua_pushcclosure(lua, function, 5) };
    }
    // SAFETY: a table and a function are there.
    unsafe { ffi::lua_setfield(lua, meta, c"__pairs".as_ptr()) };
    // SAFETY: as above.
    unsafe { ffi::lua_setfield(lua, meta, c"__index".as_ptr()) };
    // SAFETY: there is room.
    unsafe { ffi::lua_pushboolean(lua, 0) };
    // SAFETY: as above.
    unsafe { ffi::lua_setfield(lua, meta, c"__metatable".as_ptr()) };
    // SAFETY: it is there.
    unsafe { ffi::lua_rotate(lua, make_package, -1) };
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, -2) };
}

/// Makes new globals with the metatable that is kept under `meta`.
pub(super) fn set_new_globals(lua: *mut lua_State, meta: c_int) {
    // SAFETY: the caller has reserved room and catches errors, here and below.
    unsafe { ffi::lua_createtable(lua, 0, 4) };
    // SAFETY: it was kept.
    unsafe { ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, meta.into()) };
    // SAFETY: both tables are there.
    unsafe { ffi::lua_setmetatable(lua, -2) };
    // SAFETY: a table is on top.
    unsafe { ffi::lua_rawseti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS) };
}

/// `__index` of a job's globals: (globals, name).
unsafe extern "C-unwind" fn lookup(lua: *mut lua_State) -> c_int {
    // SAFETY: it has two arguments, and a C function has room for 20 values, here and below.
    unsafe { ffi::lua_pushvalue(lua, 2) };
    // SAFETY: the base is a table.
    let kind = unsafe { ffi::lua_rawget(lua, ffi::lua_upvalueindex(BASE)) };
    // SAFETY: all of them are there.
    let is = |upvalue| unsafe { ffi::lua_rawequal(lua, 3, ffi::lua_upvalueindex(upvalue)) } != 0;
    match kind {
        ffi::LUA_TNIL => return 1,
        ffi::LUA_TTABLE if is(BASE) => {
            // SAFETY: as above.
            unsafe { ffi::lua_pushvalue(lua, 1) };
        }
        ffi::LUA_TTABLE if is(PACKAGE) => return make_package(lua, 1),
        ffi::LUA_TTABLE => {
            copy_table(lua, 3);
            if is(STRINGS) {
                // SAFETY: the copy is on top.
                unsafe { ffi::lua_pushvalue(lua, -1) };
                // SAFETY: the metatable of strings is an upvalue, a table without a metatable.
                unsafe {
                    ffi::lua_setfield(
                        lua,
                        ffi::lua_upvalueindex(STRINGS_META),
                        c"__index".as_ptr(),
                    );
                }
            }
        }
        ffi::LUA_TFUNCTION if is_require(lua) => return make_package(lua, 0),
        // SAFETY: the value is there.
        _ => unsafe { ffi::lua_pushvalue(lua, 3) },
    }
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 2) };
    // SAFETY: the value that was found is on top of the base's.
    unsafe { ffi::lua_pushvalue(lua, 4) };
    // SAFETY: the globals are a table, and the name is no nil: the base has it.
    unsafe { ffi::lua_rawset(lua, 1) };
    1
}

fn is_require(lua: *mut lua_State) -> bool {
    // SAFETY: a name that the base has is on the stack; a number is not converted.
    if unsafe { ffi::lua_type(lua, 2) } != ffi::LUA_TSTRING {
        return false;
    }
    // SAFETY: as above.
    let name = unsafe { ffi::lua_tolstring(lua, 2, std::ptr::null_mut()) };
    // SAFETY: Lua's strings end with a NUL.
    unsafe { CStr::from_ptr(name) == c"require" }
}

/// Gives the globals at 1 their `require` and `package`; returns the one that was asked for.
fn make_package(lua: *mut lua_State, asked: c_int) -> c_int {
    // SAFETY: it is an upvalue, and there is room, here and below.
    unsafe { ffi::lua_pushvalue(lua, ffi::lua_upvalueindex(MAKE_PACKAGE)) };
    // SAFETY: the globals are there.
    unsafe { ffi::lua_pushvalue(lua, 1) };
    // SAFETY: the function and its argument are there.
    unsafe { ffi::lua_callk(lua, 1, 2, 0, None) };
    // The results are at -2 and -1, and one place deeper below the name.
    for (name, result) in [(c"require", -3), (c"package", -2)] {
        // SAFETY: there is room.
        unsafe { ffi::lua_pushstring(lua, name.as_ptr()) };
        // SAFETY: two results are below the name.
        unsafe { ffi::lua_pushvalue(lua, result) };
        // SAFETY: the globals are a table.
        unsafe { ffi::lua_rawset(lua, 1) };
    }
    // SAFETY: the results are on top.
    unsafe { ffi::lua_pushvalue(lua, if asked == 0 { -2 } else { -1 }) };
    1
}

/// Pushes a copy of the table at `index`, one level deep.
fn copy_table(lua: *mut lua_State, index: Index) {
    // SAFETY: there is room, here and below.
    unsafe { ffi::lua_createtable(lua, 0, LIBRARY_ENTRIES) };
    // SAFETY: no preconditions.
    let copy = unsafe { ffi::lua_gettop(lua) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushnil(lua) };
    // SAFETY: the key is nil or came from this table, which does not change.
    while unsafe { ffi::lua_next(lua, index) } != 0 {
        // SAFETY: key and value are on top.
        unsafe { ffi::lua_pushvalue(lua, -2) };
        // SAFETY: three values are there.
        unsafe { ffi::lua_rotate(lua, -2, 1) };
        // SAFETY: the copy is below.
        unsafe { ffi::lua_rawset(lua, copy) };
    }
}

/// `__pairs` of a job's globals: all that the base has is there by now.
unsafe extern "C-unwind" fn pairs(lua: *mut lua_State) -> c_int {
    // SAFETY: its argument is the globals.
    unsafe { ffi::lua_settop(lua, 1) };
    complete(lua);
    // SAFETY: there is room, here and below.
    unsafe { push_field(lua, ffi::lua_upvalueindex(BASE), c"next") };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushnil(lua) };
    3
}

/// Asks for everything that the base has, so that the globals at 1 have it.
fn complete(lua: *mut lua_State) {
    // SAFETY: there is room, here and below.
    unsafe { ffi::lua_pushnil(lua) };
    // SAFETY: the base is a table that does not change.
    while unsafe { ffi::lua_next(lua, ffi::lua_upvalueindex(BASE)) } != 0 {
        // SAFETY: the key is below the value.
        unsafe { ffi::lua_pushvalue(lua, -2) };
        // SAFETY: the globals are at 1; this calls `lookup` where they lack the name.
        unsafe { ffi::lua_gettable(lua, 1) };
        // SAFETY: two values are above the key.
        unsafe { ffi::lua_settop(lua, -3) };
    }
}
