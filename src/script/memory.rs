//! Where a state's memory comes from, and how much it has.
//!
//! mlua's own allocator ends the process when there is no memory. This one tells Lua, which then
//! collects its garbage, tries again, and at last raises an error that ends the job and nothing
//! else. It asks the same Rust allocator with the same layouts, so that either of the two may
//! free what the other one gave.
#![expect(unsafe_code, reason = "an allocator deals in pointers")]

use std::alloc::{self, Layout};
use std::ffi::c_void;
use std::fmt;
use std::ptr;

use mlua::{Lua, ffi};

use super::interrupt::Interrupt;
use crate::foreign::Context;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// As a limit: none.
pub const UNLIMITED: usize = usize::MAX;

/// No block grows by so much for a job that has to end. Some of Lua's own loops look at no hook,
/// but need a larger stack or buffer from time to time: a chain of `__call` that has no end would
/// shift its arguments for minutes.
const LARGE_BYTES: usize = 64 << 10;

/// The memory of one state. When it is dropped, the state goes back to mlua's allocator, which
/// mlua wants to find when it closes the state.
pub struct Memory {
    lua: Lua,
    theirs: (ffi::lua_Alloc, Context),
    gauge: Box<Gauge>,
}

/// What the allocator knows. Written by the thread that runs the state; atomic since others may
/// read.
#[derive(Debug)]
struct Gauge {
    /// Bytes in use.
    used: AtomicUsize,
    /// Most bytes that may be in use.
    limit: AtomicUsize,
    /// Of the worker that has the state; null when none has had it.
    interrupt: AtomicPtr<Interrupt>,
}

impl Gauge {
    /// Whether a block may not grow so that `used` bytes are in use.
    #[inline]
    fn refuses(&self, grown: usize, used: usize) -> bool {
        used > self.limit.load(Ordering::Relaxed) || grown >= LARGE_BYTES && self.has_to_end()
    }

    #[cold]
    fn has_to_end(&self) -> bool {
        // SAFETY: null, or what `hold` put there: it is valid while its worker has the state.
        let interrupt = unsafe { self.interrupt.load(Ordering::Relaxed).as_ref() };
        interrupt.is_some_and(Interrupt::is_pending)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Memory").field("used", &self.used()).finish_non_exhaustive()
    }
}

impl Memory {
    /// From now on the state gets its memory here.
    pub fn of(lua: &Lua) -> mlua::Result<Self> {
        // With a limit of whatever size, mlua expects that memory can run out. It is the limit
        // of an allocator that is not asked any more.
        lua.set_memory_limit(isize::MAX as usize)?;
        let used = lua.used_memory();
        let number = AtomicUsize::new;
        let (used, limit) = (number(used), number(UNLIMITED));
        let gauge = Box::new(Gauge { used, limit, interrupt: AtomicPtr::default() });
        let data = ptr::from_ref(&*gauge).cast_mut().cast();
        let theirs = lua.exec_raw_lua(|raw| {
            let mut theirs = ptr::null_mut();
            // SAFETY: the state is alive; `theirs` is valid for one write.
            let function = unsafe { ffi::lua_getallocf(raw.state(), &mut theirs) };
            // SAFETY: what was allocated so far may be freed by ours, and `gauge` stays until
            // the state has theirs again.
            unsafe { ffi::lua_setallocf(raw.state(), allocate, data) };
            (function, Context(theirs))
        });
        Ok(Self { lua: lua.clone(), theirs, gauge })
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.gauge.used.load(Ordering::Relaxed)
    }

    /// Whoever has the state from now on is asked whether its job has to end. It stays valid until
    /// the next one.
    pub fn hold(&self, interrupt: &Interrupt) {
        let interrupt = ptr::from_ref(interrupt).cast_mut();
        self.gauge.interrupt.store(interrupt, Ordering::Relaxed);
    }

    /// From now on at most so many bytes may be in use. What is in use already may stay.
    #[inline]
    pub fn set_limit(&self, bytes: usize) {
        self.gauge.limit.store(bytes, Ordering::Relaxed);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let (function, Context(data)) = self.theirs;
        // SAFETY: the state is alive, and theirs may free what ours has allocated.
        self.lua.exec_raw_lua(|raw| unsafe { ffi::lua_setallocf(raw.state(), function, data) });
    }
}

/// What Lua calls for every block: makes it, changes its size, or frees it.
///
/// # Safety
///
/// As Lua's manual says of `lua_Alloc`; `data` is a `Gauge`.
unsafe extern "C" fn allocate(
    data: *mut c_void,
    block: *mut c_void,
    old_size: usize,
    new_size: usize,
) -> *mut c_void {
    // SAFETY: `Memory` keeps it for as long as this function is the state's allocator.
    let gauge = unsafe { &*data.cast::<Gauge>() };
    // For a new block the old size is not one.
    let old_size = if block.is_null() { 0 } else { old_size };
    let old = Layout::from_size_align(old_size, ffi::SYS_MIN_ALIGN);
    let new = Layout::from_size_align(new_size, ffi::SYS_MIN_ALIGN);
    let (Ok(old), Ok(new)) = (old, new) else { return ptr::null_mut() };
    let before = gauge.used.load(Ordering::Relaxed);
    let after = before.wrapping_add(new_size).wrapping_sub(old_size);
    // Giving memory back never fails, also above the limit.
    if new_size > old_size && gauge.refuses(new_size - old_size, after) {
        return ptr::null_mut();
    }
    let given = match (old.size(), new.size()) {
        (0, 0) => ptr::null_mut(),
        // SAFETY: the size is not zero.
        (0, _) => unsafe { alloc::alloc(new) },
        (_, 0) => {
            // SAFETY: this block was allocated with this layout.
            unsafe { alloc::dealloc(block.cast(), old) };
            ptr::null_mut()
        }
        // SAFETY: as above; the new size is neither zero nor too large for a layout.
        (_, size) => unsafe { alloc::realloc(block.cast(), old, size) },
    };
    if !given.is_null() || new_size == 0 {
        gauge.used.store(after, Ordering::Relaxed);
    }
    given.cast()
}
