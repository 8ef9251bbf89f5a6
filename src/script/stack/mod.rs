//! Lua's stack, with the C API's preconditions checked or ruled out by types.
//!
//! A [`Stack`] offers what never raises a Lua error. What may raise (anything that allocates) is
//! on [`Protected`], which exists only inside [`Stack::protect`]. A Lua error jumps over Rust
//! frames, so nothing that is to be dropped may be alive in them: what goes into `protect` and
//! what comes out of it is `Copy`. Reading a table is raw: no metamethod ever runs.
#![expect(unsafe_code, reason = "Lua's C API is called here and nowhere else")]

mod base_library;
mod coroutine;
mod coroutine_library;
mod environment;
pub mod hook;
mod hook_flag;
pub mod host_function;
pub mod native;
pub mod pieces;
mod protected;
mod protected_calls;
pub mod text;
mod traceback;

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::{ptr, slice};

use mlua::ffi::{self, lua_State};

pub use self::coroutine::{Coroutine, Ended};
pub use self::environment::Environment;
use self::pieces::Pieces;
use self::protected::{Protected, run_protected};
use super::chunk::Chunk;

/// A place on the stack, from 1.
pub type Index = c_int;

/// Room that each level of a walk needs, and then some for Lua's own helpers.
const ROOM: c_int = 8;

/// Why Lua gave up; the message is on top of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error was raised.
    Error,
    /// Memory ran out, or the state's limit was reached.
    Memory,
}

/// A function of a library, with its name.
pub type Entry = (&'static CStr, ffi::lua_CFunction);

/// What is at a place.
#[derive(Debug)]
pub enum Peek<'a> {
    /// Nothing, or nil.
    Nil,
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string: any bytes.
    Bytes(&'a [u8]),
    /// A table.
    Table,
    /// A light userdata.
    Pointer(*mut c_void),
    /// A function, thread or full userdata: what cannot leave the state.
    Other(&'static str),
}

/// The stack of a state, or of one of its coroutines, that runs nothing at this moment.
#[derive(Debug)]
pub struct Stack<'a> {
    lua: *mut lua_State,
    _exclusive: PhantomData<&'a mut lua_State>,
}

/// Lends the stack of `lua` to `body` and afterwards restores its height.
pub fn with<R>(lua: &mlua::Lua, body: impl FnOnce(&mut Stack<'_>) -> R) -> R {
    lua.exec_raw_lua(|raw| {
        let mut stack = Stack::of(raw.state());
        let top = stack.top();
        stack.reserve(ROOM);
        let result = body(&mut stack);
        stack.cut(top);
        result
    })
}

/// The same with `value` at the place that `body` gets.
pub fn with_value<R>(
    lua: &mlua::Lua,
    value: &mlua::Value,
    body: impl FnOnce(&mut Stack<'_>, Index) -> R,
) -> mlua::Result<R> {
    lua.exec_raw_lua(|raw| {
        let mut stack = Stack::of(raw.state());
        let top = stack.top();
        stack.reserve(ROOM);
        // SAFETY: the places were reserved.
        unsafe { raw.push(value) }?;
        let result = body(&mut stack, top + 1);
        stack.cut(top);
        Ok(result)
    })
}

/// Replaces those functions of a new state that could keep a job from being ended.
pub fn install_calls(lua: &mlua::Lua, sandboxed: bool) -> mlua::Result<()> {
    set_functions(lua, c"_G", &protected_calls::FUNCTIONS)?;
    set_functions(lua, c"coroutine", &coroutine_library::FUNCTIONS)?;
    if sandboxed {
        set_functions(lua, c"_G", &base_library::FUNCTIONS)?;
    }
    Ok(())
}

/// Puts functions into a library that is loaded.
pub fn set_functions(lua: &mlua::Lua, library: &CStr, functions: &[Entry]) -> mlua::Result<()> {
    lua.exec_raw_lua(|raw| {
        let mut stack = Stack::of(raw.state());
        let top = stack.top();
        let set = stack.protect(0, |stack| stack.set_functions(library, functions));
        stack.cut(top);
        set.map_err(|_| mlua::Error::MemoryError("functions".to_owned()))
    })
}

/// Lua's own `debug`, which a state of mlua's that is safe does not have. It can break the
/// memory safety of a state: a script gets to see parts of it only.
pub fn debug_library(lua: &mlua::Lua) -> mlua::Result<mlua::Table> {
    lua.exec_raw_lua(|raw| {
        let mut stack = Stack::of(raw.state());
        let opened = stack.protect(0, |stack| stack.open_debug_library());
        opened.map_err(|_| mlua::Error::MemoryError("debug library".to_owned()))?;
        // SAFETY: the library is on top.
        unsafe { raw.pop() }
    })
}

impl Stack<'_> {
    fn of(lua: *mut lua_State) -> Self {
        Self { lua, _exclusive: PhantomData }
    }

    /// The highest place in use.
    #[inline]
    pub fn top(&self) -> Index {
        // SAFETY: no preconditions.
        unsafe { ffi::lua_gettop(self.lua) }
    }

    /// Makes sure of `count` free places. False when the stack would grow beyond Lua's limit.
    #[inline]
    pub fn reserve(&mut self, count: c_int) -> bool {
        // SAFETY: no preconditions for a count that is not negative.
        unsafe { ffi::lua_checkstack(self.lua, count.max(0)) != 0 }
    }

    /// Takes away everything above `top`.
    #[inline]
    fn cut(&mut self, top: Index) {
        assert!((0..=self.top()).contains(&top));
        // SAFETY: the stack is at least as high; what is cut off is never marked to be closed.
        unsafe { ffi::lua_settop(self.lua, top) };
    }

    /// Which of Lua's types is at `index`; LUA_TNONE beyond the top.
    #[inline]
    fn type_at(&self, index: Index) -> c_int {
        assert!(index > 0);
        // SAFETY: a positive index is acceptable however high it is.
        unsafe { ffi::lua_type(self.lua, index) }
    }

    /// What is at `index`. Bytes are lent until the stack changes.
    #[inline]
    pub fn peek(&self, index: Index) -> Peek<'_> {
        match self.type_at(index) {
            ffi::LUA_TNIL | ffi::LUA_TNONE => Peek::Nil,
            // SAFETY: acceptable index.
            ffi::LUA_TBOOLEAN => Peek::Boolean(unsafe { ffi::lua_toboolean(self.lua, index) } != 0),
            ffi::LUA_TNUMBER => self.peek_number(index),
            ffi::LUA_TSTRING => Peek::Bytes(self.bytes_at(index)),
            ffi::LUA_TTABLE => Peek::Table,
            ffi::LUA_TLIGHTUSERDATA => {
                // SAFETY: acceptable index.
                Peek::Pointer(unsafe { ffi::lua_touserdata(self.lua, index) })
            }
            ffi::LUA_TFUNCTION => Peek::Other("function"),
            ffi::LUA_TTHREAD => Peek::Other("thread"),
            _ => Peek::Other("userdata"),
        }
    }

    #[inline]
    fn peek_number(&self, index: Index) -> Peek<'_> {
        // SAFETY: acceptable index, here and below; no conversion happens, it is a number.
        if unsafe { ffi::lua_isinteger(self.lua, index) } != 0 {
            // SAFETY: as above.
            return Peek::Integer(unsafe { ffi::lua_tointegerx(self.lua, index, ptr::null_mut()) });
        }
        // SAFETY: as above.
        Peek::Number(unsafe { ffi::lua_tonumberx(self.lua, index, ptr::null_mut()) })
    }

    fn bytes_at(&self, index: Index) -> &[u8] {
        assert_eq!(self.type_at(index), ffi::LUA_TSTRING);
        let mut len = 0;
        // SAFETY: it is a string already, so nothing is converted and nothing can raise.
        let first = unsafe { ffi::lua_tolstring(self.lua, index, &mut len) };
        // SAFETY: Lua keeps the bytes while the string is on the stack, which is borrowed.
        unsafe { slice::from_raw_parts(first.cast(), len) }
    }

    /// The message that a failure left on top.
    pub fn message(&self) -> &[u8] {
        match self.peek(self.top().max(1)) {
            Peek::Bytes(bytes) => bytes,
            _ => b"(error object is not a string)",
        }
    }

    /// A number that no other living table has.
    pub fn identity(&self, table: Index) -> usize {
        assert!(table > 0);
        // SAFETY: acceptable index.
        unsafe { ffi::lua_topointer(self.lua, table) }.addr()
    }

    /// A border of the table, without asking metamethods.
    pub fn raw_len(&self, table: Index) -> usize {
        assert_eq!(self.type_at(table), ffi::LUA_TTABLE);
        // SAFETY: it is a table.
        unsafe { ffi::lua_rawlen(self.lua, table) }
    }

    /// Shows `visit` one item of a table.
    pub fn item<R>(
        &mut self,
        table: Index,
        key: i64,
        visit: impl FnOnce(&mut Self, Index) -> R,
    ) -> R {
        assert_eq!(self.type_at(table), ffi::LUA_TTABLE);
        let top = self.top();
        // SAFETY: it is a table, and whoever opened the level reserved the place.
        unsafe { ffi::lua_rawgeti(self.lua, table, key) };
        let result = visit(self, top + 1);
        self.cut(top);
        result
    }

    /// Shows `visit` each pair of a table (key, value) until it fails. Nothing that a `Stack`
    /// offers can change the table or replace the key meanwhile.
    pub fn pairs<E>(
        &mut self,
        table: Index,
        mut visit: impl FnMut(&mut Self, Index, Index) -> Result<(), E>,
    ) -> Result<(), E> {
        assert_eq!(self.type_at(table), ffi::LUA_TTABLE);
        let top = self.top();
        // SAFETY: whoever opened the level reserved the place.
        unsafe { ffi::lua_pushnil(self.lua) };
        loop {
            // SAFETY: the key is nil or came from this very table, which has not changed since.
            if unsafe { ffi::lua_next(self.lua, table) } == 0 {
                return Ok(());
            }
            let visited = visit(self, top + 1, top + 2);
            if visited.is_err() {
                self.cut(top);
                return visited;
            }
            self.cut(top + 1);
        }
    }

    /// Compiles a chunk, text only, and pushes its function.
    pub fn load(&mut self, chunk: &Chunk) -> Result<(), Failure> {
        let name = CStr::from_bytes_with_nul(&chunk.name).map_or(c"=?", |name| name);
        let mut pieces = Pieces::of(&chunk.source);
        let data = ptr::from_mut(&mut pieces).cast();
        // SAFETY: the pieces are what the reader takes, and the name ends with a NUL. Compiling is
        // protected by Lua itself.
        let code =
            unsafe { ffi::lua_load(self.lua, Pieces::read, data, name.as_ptr(), c"t".as_ptr()) };
        failure(code)
    }

    /// Keeps the value on top under the number that is returned; it stays on top, too. `None`
    /// when memory ran out.
    pub fn keep_top(&mut self) -> Option<c_int> {
        let top = self.top();
        assert!(top > 0);
        // SAFETY: a value is on top, and there was room for two when it was pushed.
        unsafe { ffi::lua_pushvalue(self.lua, top) };
        let kept = self.protect(1, |stack| stack.keep());
        let key = match self.peek(top + 1) {
            Peek::Integer(key) if kept.is_ok() => c_int::try_from(key).ok(),
            _ => None,
        };
        self.cut(top);
        key
    }

    /// Pushes what was kept.
    #[inline]
    pub fn push_kept(&mut self, key: c_int) {
        // SAFETY: any integer may be looked up in the registry; the place was reserved.
        unsafe { ffi::lua_rawgeti(self.lua, ffi::LUA_REGISTRYINDEX, key.into()) };
    }

    /// Forgets what was kept.
    pub fn forget(&mut self, key: c_int) {
        // SAFETY: the slot exists, so assigning to it allocates nothing.
        unsafe { ffi::luaL_unref(self.lua, ffi::LUA_REGISTRYINDEX, key) };
    }

    /// Runs `body` where it may raise, on a stack of its own that holds the `arguments` highest
    /// values of this one; what it leaves there comes back in their place.
    pub fn protect<F>(&mut self, arguments: c_int, body: F) -> Result<(), Failure>
    where
        F: FnOnce(&mut Protected<'_>) + Copy,
    {
        assert!((0..=self.top()).contains(&arguments));
        if !self.reserve(2) {
            return Err(Failure::Memory);
        }
        let function = self.top() - arguments + 1;
        // SAFETY: a C function without upvalues allocates nothing; two places were reserved.
        unsafe { ffi::lua_pushcclosure(self.lua, run_protected::<F>, 0) };
        // SAFETY: the function that was pushed goes below its arguments, all of which exist.
        unsafe { ffi::lua_rotate(self.lua, function, 1) };
        // SAFETY: `body` lives in this frame, which the call below does not leave.
        unsafe { ffi::lua_pushlightuserdata(self.lua, ptr::from_ref(&body).cast_mut().cast()) };
        // SAFETY: the function and its arguments are there.
        let code =
            unsafe { ffi::lua_pcallk(self.lua, arguments + 1, ffi::LUA_MULTRET, 0, 0, None) };
        failure(code)
    }
}

fn failure(code: c_int) -> Result<(), Failure> {
    match code {
        ffi::LUA_OK => Ok(()),
        ffi::LUA_ERRMEM => Err(Failure::Memory),
        _ => Err(Failure::Error),
    }
}
