//! How a script that runs is stopped: Lua's hook, armed when it is needed and not before.
//!
//! An armed hook halves the speed of Lua code. So it is armed by a signal that the watch sends to
//! the worker's thread; Lua allows `lua_sethook` in a handler there. From then on it fires at each
//! instruction. Where the coroutine can yield, the hook yields, which no `pcall` can catch and
//! which destroys nothing; every resume on the way down does the same, until the worker has its
//! stack back. In between (a metamethod, a comparator of `table.sort`) it raises an error, again
//! and again, until it is out.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use mlua::ffi::{self, lua_Debug, lua_State};

use super::{Stack, hook_flag};
use crate::script::interrupt::{Interrupt, Reason};
use crate::sync::Once;
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sys;

/// Instructions between two looks where no signal can be had.
const STEP: u32 = 1000;

/// The signal that arms the hook; `None` when the system has none left. Then the hook is armed
/// from the beginning of each job that can be interrupted.
pub fn signal() -> Option<i32> {
    static SIGNAL: Once<Option<i32>> = Once::new();
    // ThreadSanitizer holds signals back until the next system call, which Lua does not make.
    let take = || if cfg!(tsan) { None } else { sys::take_signal(on_signal) };
    *SIGNAL.get_or_init(take)
}

/// How often the hook has to look from the beginning, 0 = not at all.
pub fn step_without_signal() -> u32 {
    if signal().is_some() { 0 } else { STEP }
}

/// On the worker's thread, between any two of its instructions.
fn on_signal(value: *const c_void) {
    // SAFETY: the watch sends its own `Interrupt`s, which live longer than their worker's thread.
    let interrupt = unsafe { &*value.cast::<Interrupt>() };
    let lua = interrupt.running().cast::<lua_State>();
    if !lua.is_null() && interrupt.is_pending() {
        // SAFETY: it is the coroutine that this very thread runs.
        unsafe { arm(lua, 1) };
    }
}

/// # Safety
///
/// The calling thread runs the state.
unsafe fn arm(lua: *mut lua_State, step: u32) {
    let count = c_int::try_from(step).unwrap_or(c_int::MAX);
    // SAFETY: as the caller promised; this may be called at any moment, also in a handler.
    unsafe { ffi::lua_sethook(lua, Some(on_count), ffi::LUA_MASKCOUNT, count) };
}

/// # Safety
///
/// As for `arm`.
unsafe fn disarm(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe { ffi::lua_sethook(lua, None, 0, 0) };
}

/// What ties a state to the worker that has it. Each of the state's coroutines knows its address.
#[derive(Debug, Default)]
pub struct Leash {
    interrupt: AtomicPtr<Interrupt>,
    /// The coroutine that jobs run on, which scripts take for the main one.
    root: AtomicPtr<lua_State>,
}

impl Leash {
    /// Whoever has the state from now on is asked here. It stays valid until the next one.
    pub fn hold(&self, interrupt: &Interrupt) {
        self.interrupt.store(ptr::from_ref(interrupt).cast_mut(), Ordering::Relaxed);
    }
}

impl Leash {
    /// Jobs run on this coroutine.
    pub fn set_root(&self, root: &Stack<'_>) {
        self.root.store(root.lua, Ordering::Relaxed);
    }
}

/// Tells `lua` its leash, before it has any coroutines and before any function of ours can run:
/// Lua leaves the place as it was allocated. The leash outlives the state.
pub fn leash(lua: &mlua::Lua, leash: &Leash) {
    hook_flag::place();
    lua.exec_raw_lua(|raw| {
        // SAFETY: every state has this much space for whoever embeds it; new coroutines copy it.
        let space = unsafe { ffi::lua_getextraspace(raw.state()) }.cast::<*const Leash>();
        // SAFETY: as above.
        unsafe { space.write(leash) };
    });
}

#[inline]
fn leash_of<'a>(lua: *mut lua_State) -> &'a Leash {
    // SAFETY: every state has this space, and `leash` has written it.
    let space = unsafe { ffi::lua_getextraspace(lua) }.cast::<*const Leash>();
    // SAFETY: as above.
    let leash = unsafe { space.read() };
    // SAFETY: as above; what it put there outlives the state.
    unsafe { &*leash }
}

/// What is asked of whoever runs `lua`. `None` for a state that no worker has.
#[inline]
pub(super) fn interrupt_of<'a>(lua: *mut lua_State) -> Option<&'a Interrupt> {
    let leash = leash_of(lua);
    // SAFETY: null, or what `hold` put there: it is valid while its worker has the state.
    unsafe { leash.interrupt.load(Ordering::Relaxed).as_ref() }
}

/// Whether jobs run on this coroutine.
pub(super) fn is_root(lua: *mut lua_State) -> bool {
    leash_of(lua).root.load(Ordering::Relaxed) == lua
}

/// The calling thread runs this coroutine of its state from now on.
#[inline]
pub(super) fn switch_to(lua: *mut lua_State) {
    if let Some(interrupt) = interrupt_of(lua) {
        runs(lua, interrupt);
    }
}

/// A resume costs as much of a budget of instructions as the time between two looks: otherwise
/// coroutines that are shorter than that would cost nothing.
#[inline]
pub(super) fn charge_resume(lua: *mut lua_State) {
    if let Some(interrupt) = interrupt_of(lua)
        && interrupt.step() != 0
    {
        interrupt.charge(interrupt.step());
    }
}

#[inline]
fn runs(lua: *mut lua_State, interrupt: &Interrupt) {
    interrupt.set_running(lua.cast());
    let step = interrupt.step();
    if step != 0 || interrupt.is_pending() {
        let step = if interrupt.is_pending() { 1 } else { step };
        // SAFETY: the calling thread runs the state.
        unsafe { arm(lua, step) };
    }
}

/// A script has caught the error of having no memory: that ends its job all the same.
#[cold]
pub fn ran_out_of_memory(lua: *mut lua_State) {
    if let Some(interrupt) = interrupt_of(lua) {
        note_place(lua, interrupt);
        interrupt.ask_running(Reason::Memory);
        // SAFETY: the calling thread runs the state.
        unsafe { arm(lua, 1) };
    }
}

impl Stack<'_> {
    /// This is the coroutine that runs from now on. Its hook is armed if that is due.
    #[inline]
    pub fn runs(&self, interrupt: &Interrupt) {
        runs(self.lua, interrupt);
    }

    /// Nothing looks any more.
    pub fn unhook(&mut self) {
        // SAFETY: the calling thread has the state.
        unsafe { disarm(self.lua) };
    }

    /// Where the innermost function in Lua is, as errors begin: `chunk:line:`.
    pub fn place(&self) -> Option<Vec<u8>> {
        place(self.lua)
    }
}

/// After every instruction, or as many as the step says.
unsafe extern "C-unwind" fn on_count(lua: *mut lua_State, _: *mut lua_Debug) {
    let Some(interrupt) = interrupt_of(lua) else { return };
    let step = interrupt.step();
    // SAFETY: reads a number.
    let armed = unsafe { ffi::lua_gethookcount(lua) };
    if step != 0 && armed > 1 && !interrupt.is_pending() {
        interrupt.charge(step);
    }
    if !interrupt.is_pending() {
        // Left from another job, or made by a coroutine that was.
        match step {
            // SAFETY: the calling thread runs the state, here and below.
            0 => unsafe { disarm(lua) },
            // SAFETY: as above.
            _ if armed != step as c_int => unsafe { arm(lua, step) },
            _ => {}
        }
        return;
    }
    note_place(lua, interrupt);
    if armed != 1 {
        // SAFETY: as above.
        unsafe { arm(lua, 1) };
    }
    // SAFETY: has no preconditions.
    if unsafe { ffi::lua_isyieldable(lua) } != 0 {
        // SAFETY: a count hook may yield when it passes no values, and then returns.
        unsafe { ffi::lua_yieldk(lua, 0, 0, None) };
    } else {
        // SAFETY: the error that leaves this hook is next.
        unsafe { hook_flag::allow(lua) };
        raise(lua);
    }
}

/// Raises the error of a job that has to end.
pub(super) fn raise(lua: *mut lua_State) -> ! {
    // SAFETY: there is always room for an error message.
    unsafe { ffi::lua_pushlstring(lua, c"interrupted".as_ptr(), 11) };
    // SAFETY: an error object is on top. Nothing with a destructor is alive here.
    unsafe { ffi::lua_error(lua) }
}

fn note_place(lua: *mut lua_State, interrupt: &Interrupt) {
    if let Some(place) = place(lua) {
        interrupt.note_place(&place);
    }
}

/// The place of the innermost function that has lines.
fn place(lua: *mut lua_State) -> Option<Vec<u8>> {
    let mut record = MaybeUninit::<lua_Debug>::zeroed();
    for level in 0.. {
        // SAFETY: the record is writable; levels that do not exist are told apart.
        if unsafe { ffi::lua_getstack(lua, level, record.as_mut_ptr()) } == 0 {
            return None;
        }
        // SAFETY: filled for a level that exists; the options need no stack.
        unsafe { ffi::lua_getinfo(lua, c"Sl".as_ptr(), record.as_mut_ptr()) };
        // SAFETY: zeroes and what Lua has written are a valid record.
        let found = unsafe { record.assume_init_ref() };
        if found.currentline > 0 {
            let name = found.short_src.iter().map(|&byte| byte as u8);
            let mut text: Vec<u8> = name.take_while(|&byte| byte != 0).collect();
            text.extend_from_slice(format!(":{}:", found.currentline).as_bytes());
            return Some(text);
        }
    }
    None
}
