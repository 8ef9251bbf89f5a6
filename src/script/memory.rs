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

use crate::foreign::Context;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// As a limit: none.
pub const UNLIMITED: usize = usize::MAX;

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
        let gauge = Box::new(Gauge { used: number(used), limit: number(UNLIMITED) });
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
    if new_size > old_size && after > gauge.limit.load(Ordering::Relaxed) {
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
