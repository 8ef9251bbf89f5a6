//! The coroutine that a state runs its jobs on: a hook can yield out of it.

use mlua::ffi::{self, lua_State};

use super::{Failure, Peek, Stack, failure, traceback};

/// A coroutine that its state keeps for as long as it exists.
#[derive(Debug)]
pub struct Coroutine(*mut lua_State);

// SAFETY: a part of the state that owns it, which is used by one thread at a time.
unsafe impl Send for Coroutine {}

/// What a coroutine has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its function returned; the results are its whole stack.
    Returned,
    /// It yielded, in a hook or by itself.
    Yielded,
    /// An error is on top of its stack.
    Failed(Failure),
}

impl Coroutine {
    /// Its stack. Whoever has its state may use both this and the state's own.
    #[inline]
    pub fn stack(&self) -> Stack<'_> {
        Stack::of(self.0)
    }
}

impl Stack<'_> {
    /// A coroutine that is never collected. `None` when memory ran out.
    pub fn new_coroutine(&mut self) -> Option<Coroutine> {
        let top = self.top();
        self.protect(0, |stack| stack.push_coroutine()).ok()?;
        // SAFETY: a coroutine is on top.
        let made = unsafe { ffi::lua_tothread(self.lua, top + 1) };
        let kept = self.keep_top();
        self.cut(top);
        kept.map(|_| Coroutine(made))
    }

    /// On the stack of a coroutine that runs nothing: calls the function at 1 with everything
    /// above it, and leaves what it returns in their place. `from` is the state's own stack.
    #[inline]
    pub fn resume(&mut self, from: &Stack<'_>) -> Ended {
        let arguments = self.top() - 1;
        assert!(arguments >= 0);
        let mut results = 0;
        // SAFETY: the function and its arguments are all that is on a coroutine at its beginning.
        match unsafe { ffi::lua_resume(self.lua, from.lua, arguments, &mut results) } {
            ffi::LUA_OK => {
                // Lua counts results as in use only when their frame is as large. There is room.
                self.reserve(0);
                Ended::Returned
            }
            ffi::LUA_YIELD => Ended::Yielded,
            code => Ended::Failed(failure(code).err().unwrap_or(Failure::Error)),
        }
    }

    /// On the stack of a coroutine that failed or yielded: closes its variables that are to be
    /// closed, whose handlers may run, and makes it ready for the next function.
    pub fn close(&mut self, from: &Stack<'_>) {
        // SAFETY: the coroutine does not run. Errors of handlers are left on its stack.
        unsafe { ffi::lua_closethread(self.lua, from.lua) };
        self.cut(0);
    }

    /// Empties the stack of a coroutine that has ended well.
    #[inline]
    pub fn clear(&mut self) {
        self.cut(0);
    }

    /// The text of the error that `failed` has on top, and the traceback. Runs `__tostring` if
    /// the error has one.
    pub fn describe_error(&mut self, failed: &Stack<'_>) -> Vec<u8> {
        let (top, other) = (self.top(), failed.lua);
        let moved = self.protect(0, |stack| stack.take_error(other));
        let kind = if moved.is_ok() { self.kind_of_error() } else { Kind::None };
        match kind {
            Kind::Text => {}
            Kind::Object => {
                if self.protect(1, |stack| stack.make_text()).is_err() {
                    self.cut(top);
                    self.push_fixed(b"(error object has a __tostring that fails)");
                }
            }
            Kind::None => {
                self.cut(top);
                self.push_fixed(b"(error object is nil)");
            }
        }
        let text = self.text_with_traceback(failed);
        self.cut(top);
        text
    }

    /// `text`, and the traceback of a coroutine that yielded or failed.
    pub fn with_traceback(&mut self, text: &[u8], other: &Stack<'_>) -> Vec<u8> {
        let top = self.top();
        self.push_fixed(text);
        let text = self.text_with_traceback(other);
        self.cut(top);
        text
    }

    /// Collects all garbage. Errors of finalizers are warnings.
    pub fn collect(&mut self) {
        // SAFETY: the calling thread has the state; the collection takes no further arguments.
        unsafe { ffi::lua_gc(self.lua, ffi::LUA_GCCOLLECT) };
    }

    /// Collects a little. True when that was the end of a cycle.
    pub fn collect_some(&mut self) -> bool {
        let least: std::ffi::c_int = 0;
        // SAFETY: as above; a step has one argument.
        unsafe { ffi::lua_gc(self.lua, ffi::LUA_GCSTEP, least) != 0 }
    }

    fn push_fixed(&mut self, text: &[u8]) {
        // When memory has run out, an error message of Lua's is left instead.
        let _failed = self.protect(0, |stack| stack.push_text(text));
    }

    fn text_with_traceback(&mut self, other: &Stack<'_>) -> Vec<u8> {
        let plain = self.message().to_vec();
        let other = other.lua;
        if let Some(deep) = traceback::of_deep_stack(other) {
            return [plain, deep].concat();
        }
        match self.protect(1, |stack| stack.add_traceback(other)) {
            Ok(()) => self.message().to_vec(),
            Err(_) => plain,
        }
    }

    fn kind_of_error(&self) -> Kind {
        match self.peek(self.top()) {
            Peek::Bytes(_) => Kind::Text,
            Peek::Nil => Kind::None,
            _ => Kind::Object,
        }
    }
}

/// What an error is raised with.
enum Kind {
    Text,
    Object,
    None,
}
