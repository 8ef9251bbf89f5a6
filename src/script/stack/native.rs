//! What a function of our own has when Lua calls it: its arguments, and ways to give something
//! back.
//!
//! Many of these methods can raise a Lua error, which jumps over the Rust frames up to Lua. A
//! function that uses them keeps nothing alive that has a destructor: no `Vec`, no `Box`, no
//! guard. What it needs memory for lies in the state, which is charged for it.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::{ptr, slice};

use mlua::ffi::{self, lua_Reader, lua_State};

use super::hook::{interrupt_of, raise, ran_out_of_memory};
use super::pieces::{Pieces, read_function};
use super::{Failure, Index, failure};

/// A call of Lua's.
#[derive(Debug)]
pub struct Native<'a> {
    pub(super) lua: *mut lua_State,
    _exclusive: PhantomData<&'a mut lua_State>,
}

/// Looping steps between two questions whether the job has to end.
const STEPS: u32 = 1 << 10;

/// The C function for a function of ours. It must be a function item or a closure that captures
/// nothing: there is no place to keep anything.
pub fn function<F: Fn(&mut Native<'_>) -> c_int + Copy>(_: F) -> ffi::lua_CFunction {
    const { assert!(size_of::<F>() == 0) };
    call::<F>
}

unsafe extern "C-unwind" fn call<F: Fn(&mut Native<'_>) -> c_int + Copy>(
    lua: *mut lua_State,
) -> c_int {
    // SAFETY: it has no bytes, and `function` was given one.
    let body = unsafe { NonNull::<F>::dangling().read() };
    body(&mut Native { lua, _exclusive: PhantomData })
}

/// Counts steps, so that one asks only now and then.
#[derive(Debug, Default)]
pub struct Patience(u32);

impl<'a> Native<'a> {
    /// The highest place in use: how many arguments there are, at first.
    pub fn top(&self) -> Index {
        // SAFETY: no preconditions.
        unsafe { ffi::lua_gettop(self.lua) }
    }

    /// Makes the stack so high.
    pub fn set_top(&mut self, top: Index) {
        // SAFETY: the callers never go below their arguments nor above the room that they have.
        unsafe { ffi::lua_settop(self.lua, top) };
    }

    /// Takes the highest values away.
    pub fn pop(&mut self, count: c_int) {
        self.set_top(-count - 1);
    }

    /// Whether the job has to end.
    #[inline]
    pub fn must_stop(&self) -> bool {
        interrupt_of(self.lua).is_some_and(|interrupt| interrupt.is_pending())
    }

    /// The same as a closure that knows nothing else.
    pub fn stopper(&self) -> impl Fn() -> bool + Copy + use<> {
        let lua = self.lua;
        move || interrupt_of(lua).is_some_and(|interrupt| interrupt.is_pending())
    }

    /// Ends the function, by an error, if the job has to end.
    #[inline]
    pub fn go_on(&mut self, patience: &mut Patience) {
        patience.0 += 1;
        if patience.0 >= STEPS {
            patience.0 = 0;
            if self.must_stop() {
                self.stop();
            }
        }
    }

    /// Ends the function because the job has to end.
    pub fn stop(&mut self) -> ! {
        raise(self.lua)
    }

    /// Which of Lua's types is there.
    pub fn kind(&self, index: Index) -> c_int {
        // SAFETY: any index may be asked for.
        unsafe { ffi::lua_type(self.lua, index) }
    }

    /// Whether there is nothing, or nil.
    pub fn is_nil(&self, index: Index) -> bool {
        self.kind(index) <= ffi::LUA_TNIL
    }

    /// Whether what is there counts as true.
    pub fn is_true(&self, index: Index) -> bool {
        // SAFETY: any index may be asked for.
        unsafe { ffi::lua_toboolean(self.lua, index) != 0 }
    }

    /// A string or number at `index`, as a string; an error if it is neither. The bytes stay as
    /// long as the place does.
    pub fn check_bytes(&mut self, index: Index) -> &'a [u8] {
        let mut len = 0;
        // SAFETY: may raise.
        let first = unsafe { ffi::luaL_checklstring(self.lua, index, &mut len) };
        // SAFETY: Lua keeps the bytes while the value is on the stack.
        unsafe { slice::from_raw_parts(first.cast(), len) }
    }

    /// The same if it is a string or number.
    pub fn string_at(&mut self, index: Index) -> Option<&'a [u8]> {
        let mut len = 0;
        // SAFETY: may raise for want of memory.
        let first = unsafe { ffi::lua_tolstring(self.lua, index, &mut len) };
        if first.is_null() {
            return None;
        }
        // SAFETY: Lua keeps the bytes while the value is on the stack.
        Some(unsafe { slice::from_raw_parts(first.cast(), len) })
    }

    /// An integer; an error if it is none.
    pub fn check_integer(&mut self, index: Index) -> i64 {
        // SAFETY: may raise.
        unsafe { ffi::luaL_checkinteger(self.lua, index) }
    }

    /// An integer, or the other one if there is nothing.
    pub fn integer_or(&mut self, index: Index, otherwise: i64) -> i64 {
        if self.is_nil(index) { otherwise } else { self.check_integer(index) }
    }

    /// An error if there is none of this type.
    pub fn check_kind(&mut self, index: Index, kind: c_int) {
        // SAFETY: may raise.
        unsafe { ffi::luaL_checktype(self.lua, index, kind) };
    }

    /// "bad argument #n to 'f' (text)".
    pub fn argument_error(&mut self, index: Index, text: &CStr) -> ! {
        // SAFETY: raises.
        unsafe { ffi::luaL_argerror(self.lua, index, text.as_ptr()) };
        unreachable!("it raises")
    }

    /// "bad argument #n to 'f' (name expected, got …)".
    pub fn type_error(&mut self, index: Index, name: &CStr) -> ! {
        // SAFETY: raises.
        unsafe { luaL_typeerror(self.lua, index, name.as_ptr()) };
        unreachable!("it raises")
    }

    /// Raises the text that the pieces make, behind the place of the caller.
    pub fn error(&mut self, pieces: &[&[u8]]) -> ! {
        self.reserve(pieces.len() as c_int + 2);
        // SAFETY: there is room.
        unsafe { ffi::luaL_where(self.lua, 1) };
        for piece in pieces {
            self.push_bytes(piece);
        }
        // SAFETY: so many strings are on top.
        unsafe { ffi::lua_concat(self.lua, pieces.len() as c_int + 1) };
        // SAFETY: the error is on top.
        unsafe { ffi::lua_error(self.lua) }
    }

    /// Makes sure of free places beyond the 20 that every function has.
    pub fn reserve(&mut self, count: c_int) {
        // SAFETY: may raise.
        unsafe { ffi::luaL_checkstack(self.lua, count, c"too many values".as_ptr()) };
    }

    /// Pushes a string.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        // SAFETY: there is room, here and below; may raise for want of memory.
        unsafe { ffi::lua_pushlstring(self.lua, bytes.as_ptr().cast(), bytes.len()) };
    }

    /// Pushes an integer.
    pub fn push_integer(&mut self, value: i64) {
        // SAFETY: there is room.
        unsafe { ffi::lua_pushinteger(self.lua, value) };
    }

    /// Pushes nil.
    pub fn push_nil(&mut self) {
        // SAFETY: there is room.
        unsafe { ffi::lua_pushnil(self.lua) };
    }

    /// Pushes a copy of the value at `index`.
    pub fn push_copy(&mut self, index: Index) {
        // SAFETY: there is room, and something at `index`.
        unsafe { ffi::lua_pushvalue(self.lua, index) };
    }

    /// Pushes a function with the highest values as upvalues.
    pub fn push_function(&mut self, function: ffi::lua_CFunction, upvalues: c_int) {
        // SAFETY: so many values are there.
        unsafe { ffi::lua_pushcclosure(self.lua, function, upvalues) };
    }

    /// Where an upvalue of the function lies.
    pub fn upvalue(number: c_int) -> Index {
        ffi::lua_upvalueindex(number)
    }

    /// Moves the value on top to `index`.
    pub fn replace(&mut self, index: Index) {
        // SAFETY: there is something at `index`.
        unsafe { ffi::lua_replace(self.lua, index) };
    }

    /// Moves the value on top below the others down to `index`.
    pub fn insert(&mut self, index: Index) {
        // SAFETY: there is something at `index`.
        unsafe { ffi::lua_rotate(self.lua, index, 1) };
    }

    /// Pushes `t[key]`.
    pub fn push_item(&mut self, table: Index, key: i64) -> c_int {
        // SAFETY: there is something at `table`; may raise and run metamethods.
        unsafe { ffi::lua_geti(self.lua, table, key) }
    }

    /// Sets `t[key]` to the value on top, which goes.
    pub fn set_item(&mut self, table: Index, key: i64) {
        // SAFETY: as above.
        unsafe { ffi::lua_seti(self.lua, table, key) };
    }

    /// Replaces the key on top by its value.
    pub fn get_field(&mut self, table: Index) {
        // SAFETY: as above.
        unsafe { ffi::lua_gettable(self.lua, table) };
    }

    /// `#t`, an integer.
    pub fn len(&mut self, index: Index) -> i64 {
        // SAFETY: as above.
        unsafe { ffi::luaL_len(self.lua, index) }
    }

    /// Whether the value has a metatable with this field.
    pub fn has_metafield(&mut self, index: Index, name: &CStr) -> bool {
        // SAFETY: there is room.
        let found = unsafe { ffi::luaL_getmetafield(self.lua, index, name.as_ptr()) };
        if found == ffi::LUA_TNIL {
            return false;
        }
        self.pop(1);
        true
    }

    /// `a < b`.
    pub fn is_less(&mut self, a: Index, b: Index) -> bool {
        // SAFETY: both are there; may raise and run metamethods.
        unsafe { ffi::lua_compare(self.lua, a, b, ffi::LUA_OPLT) != 0 }
    }

    /// `a == b`.
    pub fn is_equal(&mut self, a: Index, b: Index) -> bool {
        // SAFETY: as above.
        unsafe { ffi::lua_compare(self.lua, a, b, ffi::LUA_OPEQ) != 0 }
    }

    /// The name of the type of what is there.
    pub fn kind_name(&self, index: Index) -> &'static [u8] {
        // SAFETY: any index may be asked for.
        let name = unsafe { ffi::luaL_typename(self.lua, index) };
        // SAFETY: names of types end with a NUL and live for ever.
        unsafe { CStr::from_ptr(name) }.to_bytes()
    }

    /// Calls the function below the arguments on top.
    pub fn call(&mut self, arguments: c_int, results: c_int) {
        // SAFETY: they are there; may raise.
        unsafe { ffi::lua_callk(self.lua, arguments, results, 0, None) };
    }

    /// Compiles a source, text only; the function or the error is on top. Its name is at `name`.
    pub fn load_source(&mut self, source: &[u8], name: Index) -> Result<(), Failure> {
        let mut pieces = Pieces::of(source);
        self.load(Pieces::read, ptr::from_mut(&mut pieces).cast(), name)
    }

    /// The same from pieces that the function at 1 gives.
    pub fn load_from_function(&mut self, name: Index) -> Result<(), Failure> {
        self.load(read_function, ptr::null_mut(), name)
    }

    fn load(&mut self, reader: lua_Reader, data: *mut c_void, name: Index) -> Result<(), Failure> {
        let name = self.check_bytes(name).as_ptr().cast();
        // SAFETY: the reader takes this data, and Lua's strings end with a NUL.
        let code = unsafe { ffi::lua_load(self.lua, reader, data, name, c"t".as_ptr()) };
        if code == ffi::LUA_ERRMEM {
            ran_out_of_memory(self.lua);
        }
        failure(code)
    }

    /// The first upvalue of the function at `function` is the value on top, which goes.
    pub fn set_environment(&mut self, function: Index) {
        // SAFETY: a function is there, and a value on top.
        if unsafe { ffi::lua_setupvalue(self.lua, function, 1) }.is_null() {
            self.pop(1);
        }
    }

    /// The call of a reader.
    pub(super) fn of(lua: *mut lua_State) -> Self {
        Self { lua, _exclusive: PhantomData }
    }
}

unsafe extern "C-unwind" {
    /// Lua's own, which the bindings lack.
    fn luaL_typeerror(lua: *mut lua_State, argument: c_int, name: *const c_char) -> c_int;
}
