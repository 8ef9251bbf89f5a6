//! What may raise a Lua error, where it has somewhere to go.

use std::ffi::{CStr, c_int};
use std::ptr;

use mlua::ffi::{self, lua_State};

use super::{Index, ROOM, Stack, environment};
use crate::value::{Value, View};

/// What Lua calls for `protect`.
pub(super) unsafe extern "C-unwind" fn run_protected<F>(lua: *mut lua_State) -> c_int
where
    F: FnOnce(&mut Protected<'_>) + Copy,
{
    let mut stack = Protected(Stack::of(lua));
    // SAFETY: the last argument is the one that `protect` pushed.
    let body = unsafe { ffi::lua_touserdata(lua, -1) }.cast::<F>();
    let top = stack.0.top() - 1;
    stack.0.cut(top);
    // SAFETY: `protect` keeps it in its frame while it waits for this call, and it is `Copy`.
    let body = unsafe { *body };
    body(&mut stack);
    stack.0.top()
}

/// A stack where a Lua error has somewhere to go.
#[derive(Debug)]
pub struct Protected<'a>(Stack<'a>);

impl Protected<'_> {
    fn raise(&mut self, message: &CStr) -> ! {
        self.push_bytes(message.to_bytes());
        // SAFETY: an error object is on top, and `protect` catches.
        unsafe { ffi::lua_error(self.0.lua) }
    }

    fn reserve(&mut self, count: usize) {
        let fits = c_int::try_from(count).is_ok_and(|count| self.0.reserve(count));
        if !fits {
            self.raise(c"too many values for the Lua stack");
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        // SAFETY: the bytes are readable; the place was reserved.
        unsafe { ffi::lua_pushlstring(self.0.lua, bytes.as_ptr().cast(), bytes.len()) };
    }

    /// Pushes all of `values`.
    pub fn push_values(&mut self, values: &[Value]) {
        self.reserve(values.len());
        for value in values {
            self.push_value(value);
        }
    }

    /// Pushes one value; the place is reserved. The depth was bounded when the tree was built.
    fn push_value(&mut self, value: &Value) {
        let lua = self.0.lua;
        match value.view() {
            // SAFETY: the place was reserved, here and below.
            View::Nil => unsafe { ffi::lua_pushnil(lua) },
            // SAFETY: as above.
            View::Boolean(value) => unsafe { ffi::lua_pushboolean(lua, value.into()) },
            // SAFETY: as above.
            View::Integer(value) => unsafe { ffi::lua_pushinteger(lua, value) },
            // SAFETY: as above.
            View::Number(value) => unsafe { ffi::lua_pushnumber(lua, value) },
            // SAFETY: as above.
            View::Pointer(value) => unsafe { ffi::lua_pushlightuserdata(lua, value) },
            View::Bytes(bytes) => self.push_bytes(bytes),
            View::Array(items) => {
                let table = self.push_table(items.len(), 0);
                for (item, key) in items.iter().zip(1..) {
                    self.push_value(item);
                    // SAFETY: a table is there, and a value on top.
                    unsafe { ffi::lua_rawseti(lua, table, key) };
                }
            }
            View::Map(entries) => {
                let table = self.push_table(0, entries.len());
                for entry in entries {
                    self.push_value(&entry.key);
                    self.push_value(&entry.value);
                    // SAFETY: a table is there, and on top a key that is neither nil nor NaN.
                    unsafe { ffi::lua_rawset(lua, table) };
                }
            }
        }
    }

    fn push_table(&mut self, items: usize, entries: usize) -> Index {
        self.reserve(ROOM as usize);
        let hint = |count: usize| c_int::try_from(count).unwrap_or(0);
        // SAFETY: the place was reserved.
        unsafe { ffi::lua_createtable(self.0.lua, hint(items), hint(entries)) };
        self.0.top()
    }

    /// Takes the value on top away and keeps it in the registry, under the number that is left
    /// on the stack.
    pub fn keep(&mut self) {
        assert!(self.0.top() > 0);
        // SAFETY: a value is on top.
        let key = unsafe { ffi::luaL_ref(self.0.lua, ffi::LUA_REGISTRYINDEX) };
        // SAFETY: the value has just left this place.
        unsafe { ffi::lua_pushinteger(self.0.lua, key.into()) };
    }

    /// Replaces the value on top by its text, as `tostring` makes it.
    pub fn make_text(&mut self) {
        self.reserve(ROOM as usize);
        let top = self.0.top();
        assert!(top > 0);
        // SAFETY: a value is on top, and there is room for the text.
        unsafe { ffi::luaL_tolstring(self.0.lua, top, ptr::null_mut()) };
        // SAFETY: two values are there.
        unsafe { ffi::lua_rotate(self.0.lua, top, 1) };
        self.0.cut(top);
    }

    /// Opens one of Lua's own libraries and leaves its table, without a global for it.
    pub fn open_debug_library(&mut self) {
        self.reserve(ROOM as usize);
        // SAFETY: the function is the library's opener, and the name is its own.
        unsafe {
            ffi::luaL_requiref(self.0.lua, c"debug".as_ptr(), ffi::luaopen_debug, 0);
        };
    }

    /// Pushes a new coroutine.
    pub(super) fn push_coroutine(&mut self) {
        self.reserve(1);
        // SAFETY: the place was reserved.
        unsafe { ffi::lua_newthread(self.0.lua) };
    }

    /// Puts a line break and the traceback of `other` behind the text on top. `other` has ended
    /// with an error or waits.
    pub(super) fn add_traceback(&mut self, other: *mut lua_State) {
        self.reserve(ROOM as usize);
        self.push_bytes(b"\n");
        // SAFETY: there is room; both are of the same state, and `other` runs nothing.
        unsafe { ffi::luaL_traceback(self.0.lua, other, ptr::null(), 0) };
        // SAFETY: three strings are on top.
        unsafe { ffi::lua_concat(self.0.lua, 3) };
    }

    /// Pushes the error object that `other` has on top, which loses it.
    pub(super) fn take_error(&mut self, other: *mut lua_State) {
        self.reserve(1);
        // SAFETY: a failed coroutine has its error on top; the place was reserved.
        unsafe { ffi::lua_xmove(other, self.0.lua, 1) };
    }

    /// Pushes any bytes.
    pub fn push_text(&mut self, bytes: &[u8]) {
        self.reserve(ROOM as usize);
        self.push_bytes(bytes);
    }

    /// Puts functions into a library that is loaded.
    pub(super) fn set_functions(&mut self, library: &CStr, functions: &[super::Entry]) {
        self.reserve(ROOM as usize);
        let lua = self.0.lua;
        // SAFETY: there is room, here and below.
        unsafe { ffi::lua_getfield(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_LOADED_TABLE) };
        // SAFETY: the table of loaded libraries is on top.
        unsafe { ffi::lua_getfield(lua, -1, library.as_ptr()) };
        for &(name, function) in functions {
            // SAFETY: a C function without upvalues.
            unsafe { ffi::lua_pushcclosure(lua, function, 0) };
            // SAFETY: the library's table is below it.
            unsafe { ffi::lua_setfield(lua, -2, name.as_ptr()) };
        }
        let top = self.0.top();
        self.0.cut(top - 2);
    }

    /// From the maker of packages, on top: what `new_environment` keeps.
    pub(super) fn push_environment(&mut self) {
        self.reserve(4 * ROOM as usize);
        environment::push_environment(self.0.lua);
    }

    /// The state's globals are new ones with this metatable, kept in the registry.
    pub(super) fn set_new_globals(&mut self, meta: c_int) {
        self.reserve(ROOM as usize);
        environment::set_new_globals(self.0.lua, meta);
    }

    /// For the other parts of this module.
    pub(super) fn lua(&self) -> *mut lua_State {
        self.0.lua
    }
}
