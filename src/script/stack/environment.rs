//! Isolation: each job gets a table of globals of its own.
//!
//! It is empty at first. What the job asks for is found in the base, the globals that the state
//! was set up with and that no job ever sees: functions as they are, and for a library an empty
//! table through which the library is seen. The first time that a job changes one of these
//! tables, or walks through it, the table is completed and is from then on a plain one. So jobs
//! may change what they like, and pay for what they change.

use std::ffi::{CStr, c_int};

use mlua::ffi::{self, lua_State};

use super::{Failure, Index, Stack};

/// The upvalues of all functions here.
const BASE: c_int = 1;
/// By library: the metatable of the tables through which it is seen.
const METAS: c_int = 2;
const STRINGS: c_int = 3;
const STRINGS_META: c_int = 4;
const MAKE_PACKAGE: c_int = 5;
const UPVALUES: c_int = 5;

/// The field of a metatable that says that its table can be completed, and how.
const COMPLETE: &CStr = c"__complete";

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
    const MAKER: Index = 1;
    const GLOBALS: Index = 2;
    const BY_LIBRARY: Index = 3;
    const LIBRARY: Index = 4;
    const OF_STRINGS: Index = 5;
    // SAFETY: the caller has reserved room for all of this and catches errors, here and below.
    unsafe { ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS) };
    // SAFETY: as above.
    unsafe { ffi::lua_createtable(lua, 0, 16) };
    // SAFETY: the globals are a table.
    unsafe { push_field(lua, GLOBALS, c"string") };
    // SAFETY: as above.
    unsafe { ffi::lua_pushlstring(lua, c"".as_ptr(), 0) };
    // SAFETY: a string is on top, and strings have a metatable.
    unsafe { ffi::lua_getmetatable(lua, -1) };
    // SAFETY: two values are there.
    unsafe { ffi::lua_rotate(lua, -2, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, -2) };
    let upvalues = [GLOBALS, BY_LIBRARY, LIBRARY, OF_STRINGS, MAKER];
    // SAFETY: as above.
    unsafe { ffi::lua_pushnil(lua) };
    // SAFETY: the globals do not change.
    while unsafe { ffi::lua_next(lua, GLOBALS) } != 0 {
        // SAFETY: key and value are on top, here and below.
        let is_table = unsafe { ffi::lua_type(lua, -1) } == ffi::LUA_TTABLE;
        // SAFETY: both are there.
        if is_table && unsafe { ffi::lua_rawequal(lua, -1, GLOBALS) } == 0 {
            // SAFETY: the library becomes a key, and is where its table looks.
            unsafe { ffi::lua_pushvalue(lua, -1) };
            push_meta(lua, upvalues);
            // SAFETY: as above.
            unsafe { ffi::lua_pushvalue(lua, -3) };
            // SAFETY: as above.
            unsafe { ffi::lua_setfield(lua, -2, c"__index".as_ptr()) };
            // SAFETY: as above.
            unsafe { ffi::lua_rawset(lua, BY_LIBRARY) };
        }
        // SAFETY: as above.
        unsafe { ffi::lua_settop(lua, -2) };
    }
    push_meta(lua, upvalues);
    push_with_upvalues(lua, lookup, upvalues);
    // SAFETY: the metatable is below the function.
    unsafe { ffi::lua_setfield(lua, -2, c"__index".as_ptr()) };
    // What is left: base, metatable, library, metatable of strings.
    for wanted in [GLOBALS, OF_STRINGS + 1, LIBRARY, OF_STRINGS] {
        // SAFETY: all of them are there.
        unsafe { ffi::lua_pushvalue(lua, wanted) };
    }
    for _ in 0..OF_STRINGS + 1 {
        // SAFETY: as above.
        unsafe { ffi::lua_rotate(lua, MAKER, -1) };
        // SAFETY: as above.
        unsafe { ffi::lua_settop(lua, -2) };
    }
}

/// Pushes a function with these values as upvalues.
fn push_with_upvalues(
    lua: *mut lua_State,
    function: ffi::lua_CFunction,
    upvalues: [Index; UPVALUES as usize],
) {
    for upvalue in upvalues {
        // SAFETY: it is there, and there is room.
        unsafe { ffi::lua_pushvalue(lua, upvalue) };
    }
    // SAFETY: its upvalues are on top.
    unsafe { ffi::lua_pushcclosure(lua, function, UPVALUES) };
}

/// Pushes a metatable of a table that can be completed.
fn push_meta(lua: *mut lua_State, upvalues: [Index; UPVALUES as usize]) {
    // SAFETY: there is room, here and below.
    unsafe { ffi::lua_createtable(lua, 0, 5) };
    let functions: [(&CStr, ffi::lua_CFunction); 3] =
        [(c"__newindex", change), (c"__pairs", pairs), (COMPLETE, complete)];
    for (name, function) in functions {
        push_with_upvalues(lua, function, upvalues);
        // SAFETY: the metatable is below the function.
        unsafe { ffi::lua_setfield(lua, -2, name.as_ptr()) };
    }
    // SAFETY: as above.
    unsafe { ffi::lua_pushboolean(lua, 0) };
    // SAFETY: as above.
    unsafe { ffi::lua_setfield(lua, -2, c"__metatable".as_ptr()) };
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
    match unsafe { ffi::lua_rawget(lua, ffi::lua_upvalueindex(BASE)) } {
        ffi::LUA_TNIL => return 1,
        ffi::LUA_TTABLE if is_name(lua, c"package") => return make_package(lua, 1),
        ffi::LUA_TTABLE => push_view(lua),
        ffi::LUA_TFUNCTION if is_name(lua, c"require") => return make_package(lua, 0),
        _ => {}
    }
    // SAFETY: the name and what was found are there.
    unsafe { ffi::lua_pushvalue(lua, 2) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, -2) };
    // SAFETY: the globals are a table, and the name is no nil: the base has it.
    unsafe { ffi::lua_rawset(lua, 1) };
    1
}

/// Pushes what stands for the base's table on top: the job's globals for the base itself, or an
/// empty table through which the library is seen.
fn push_view(lua: *mut lua_State) {
    // SAFETY: both are there, and there is room, here and below.
    if unsafe { ffi::lua_rawequal(lua, -1, ffi::lua_upvalueindex(BASE)) } != 0 {
        // SAFETY: the globals are the first argument.
        unsafe { ffi::lua_pushvalue(lua, 1) };
        return;
    }
    // SAFETY: as above.
    unsafe { ffi::lua_createtable(lua, 0, 0) };
    // SAFETY: the library is below.
    unsafe { ffi::lua_pushvalue(lua, -2) };
    // SAFETY: each table of the base has its metatable there.
    unsafe { ffi::lua_rawget(lua, ffi::lua_upvalueindex(METAS)) };
    // SAFETY: a table, and its metatable or nil, are on top.
    unsafe { ffi::lua_setmetatable(lua, -2) };
}

/// Whether the name that was asked for is this one.
fn is_name(lua: *mut lua_State, wanted: &CStr) -> bool {
    // SAFETY: the name is there; a number is not converted.
    if unsafe { ffi::lua_type(lua, 2) } != ffi::LUA_TSTRING {
        return false;
    }
    // SAFETY: as above.
    let name = unsafe { ffi::lua_tolstring(lua, 2, std::ptr::null_mut()) };
    // SAFETY: Lua's strings end with a NUL.
    unsafe { CStr::from_ptr(name) == wanted }
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

/// `__newindex`: (table, key, value). A new global is only that; what changes something that the
/// base has, completes the table first.
unsafe extern "C-unwind" fn change(lua: *mut lua_State) -> c_int {
    push_source(lua);
    // SAFETY: the arguments are there, and room, here and below.
    unsafe { ffi::lua_pushvalue(lua, 2) };
    // SAFETY: a table is below the key.
    let is_there = unsafe { ffi::lua_rawget(lua, 4) } != ffi::LUA_TNIL;
    // SAFETY: both are there.
    let is_globals = unsafe { ffi::lua_rawequal(lua, 4, ffi::lua_upvalueindex(BASE)) } != 0;
    // SAFETY: the three arguments stay.
    unsafe { ffi::lua_settop(lua, 3) };
    if is_there || !is_globals {
        make_complete(lua);
    }
    // SAFETY: key and value are on top; a key that cannot be one raises.
    unsafe { ffi::lua_rawset(lua, 1) };
    0
}

/// `__pairs`: (table).
unsafe extern "C-unwind" fn pairs(lua: *mut lua_State) -> c_int {
    // SAFETY: it has an argument.
    unsafe { ffi::lua_settop(lua, 1) };
    make_complete(lua);
    // SAFETY: there is room, here and below.
    unsafe { push_field(lua, ffi::lua_upvalueindex(BASE), c"next") };
    // SAFETY: as above.
    unsafe { ffi::lua_pushvalue(lua, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_pushnil(lua) };
    3
}

/// For `setmetatable`: (table).
unsafe extern "C-unwind" fn complete(lua: *mut lua_State) -> c_int {
    make_complete(lua);
    0
}

/// Whether the value at 1 is a view; leaves what completes it on top, if so.
pub(super) fn is_view(lua: *mut lua_State) -> bool {
    // SAFETY: there is room.
    if unsafe { ffi::luaL_getmetafield(lua, 1, COMPLETE.as_ptr()) } == ffi::LUA_TNIL {
        return false;
    }
    // A script's own metatable may have such a field, too.
    // SAFETY: a value is on top, here and below.
    let is_ours = unsafe { ffi::lua_tocfunction(lua, -1) }.map(|found| found as *const () as usize);
    if is_ours == Some(complete as *const () as usize) {
        return true;
    }
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, -2) };
    false
}

/// Pushes what the table at 1 is a view of: the base, or one of its libraries.
fn push_source(lua: *mut lua_State) {
    // SAFETY: the table has one of our metatables; there is room, here and below.
    unsafe { ffi::lua_getmetatable(lua, 1) };
    // SAFETY: a metatable is on top.
    unsafe { push_field(lua, -1, c"__index") };
    // SAFETY: as above.
    if unsafe { ffi::lua_type(lua, -1) } != ffi::LUA_TTABLE {
        // The globals': a function.
        // SAFETY: as above.
        unsafe { ffi::lua_settop(lua, -2) };
        // SAFETY: as above.
        unsafe { ffi::lua_pushvalue(lua, ffi::lua_upvalueindex(BASE)) };
    }
    // SAFETY: two values are there; the metatable goes.
    unsafe { ffi::lua_rotate(lua, -2, 1) };
    // SAFETY: as above.
    unsafe { ffi::lua_settop(lua, -2) };
}

/// Makes the table at 1 a plain one that has all that it is a view of.
fn make_complete(lua: *mut lua_State) {
    // SAFETY: no preconditions.
    let top = unsafe { ffi::lua_gettop(lua) };
    push_source(lua);
    let source = top + 1;
    // SAFETY: there is room, here and below.
    unsafe { ffi::lua_pushnil(lua) };
    // SAFETY: the base does not change.
    while unsafe { ffi::lua_next(lua, source) } != 0 {
        // SAFETY: the key is below the value.
        unsafe { ffi::lua_pushvalue(lua, -2) };
        // SAFETY: the globals' `lookup` makes what they lack; a library's view sees it.
        unsafe { ffi::lua_gettable(lua, 1) };
        // SAFETY: three values are there: the key, the base's value, the job's.
        unsafe { ffi::lua_replace(lua, -2) };
        // SAFETY: as above.
        unsafe { ffi::lua_pushvalue(lua, -2) };
        // SAFETY: as above.
        unsafe { ffi::lua_rotate(lua, -2, 1) };
        // SAFETY: a table is at 1, and key and value are on top.
        unsafe { ffi::lua_rawset(lua, 1) };
    }
    // SAFETY: both are there.
    if unsafe { ffi::lua_rawequal(lua, source, ffi::lua_upvalueindex(STRINGS)) } != 0 {
        // Methods of strings find what the job has put into its `string`.
        // SAFETY: there is room.
        unsafe { ffi::lua_pushvalue(lua, 1) };
        // SAFETY: a table without a metatable.
        unsafe {
            ffi::lua_setfield(lua, ffi::lua_upvalueindex(STRINGS_META), c"__index".as_ptr());
        }
    }
    // SAFETY: as above.
    unsafe { ffi::lua_pushnil(lua) };
    // SAFETY: nil is on top.
    unsafe { ffi::lua_setmetatable(lua, 1) };
    // SAFETY: what was there before stays.
    unsafe { ffi::lua_settop(lua, top) };
}
