//! Action: one thing for the main thread to know: a script's result, or a message.
//!
//! An action that was popped is the host's to free, once, with sl_action_free. An action that a
//! callback gets is lent for the call, and must not be freed.

use std::ffi::{c_char, c_void};

use crate::actions::{Action, Body, SCRIPT_MESSAGE, SCRIPT_RESULT};
use crate::error::{Error, Result};
use crate::ffi::boundary::{Sized0, bytes, guard, mistaken, size_of_out, write_sized};
use crate::ffi::script_result::{sl_script_result, view};
use crate::ffi::status::sl_status;
use crate::foreign::Context;
use crate::handles::{Handle, Handled, Kind, Table};

/// Kinds of the library's own actions; all other numbers are the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_action_kind {
    /// A job has ended: `result` says how.
    ScriptResult = 0,
    /// A script called engine.post_to_main_thread(name, data): the name is the message, the
    /// data the first of the result's values, and the id is the job's.
    ScriptMessage = 0xffff_ffff,
}

const _: () = assert!(sl_action_kind::ScriptResult as u32 == SCRIPT_RESULT);
const _: () = assert!(sl_action_kind::ScriptMessage as u32 == SCRIPT_MESSAGE);

/// One action. Set `size` before a call that fills it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_action {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// The job's id, or what the host pushed.
    pub id: u64,
    /// The job's owner id, or what the host pushed.
    pub owner: u64,
    /// The job's context, or what the host pushed; untouched.
    pub context: *mut c_void,
    /// The last value of a result as text, what went wrong, the name of a script's message, or
    /// what the host pushed; with a NUL behind. NULL = none.
    pub message: *const c_char,
    /// Its length in bytes, without that NUL.
    pub message_len: usize,
    /// For the library's own kinds; else NULL.
    pub result: *const sl_script_result,
    /// The library's: leave it alone.
    pub ticket: u64,
    /// An sl_action_kind, or the host's.
    pub kind: u32,
    /// False when a job failed; else what the host pushed.
    pub success: bool,
}

// SAFETY: repr(C), size first, plain numbers and pointers that may be NULL.
unsafe impl Sized0 for sl_action {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            id: 0,
            owner: 0,
            context: std::ptr::null_mut(),
            message: std::ptr::null(),
            message_len: 0,
            result: std::ptr::null(),
            ticket: 0,
            kind: 0,
            success: false,
        }
    }
}

/// An action that the host holds.
pub(super) struct Popped {
    action: Action,
    result: Option<sl_script_result>,
}

// SAFETY: the pointers in `result` lead into `action`, which moves with it and is only read.
unsafe impl Send for Popped {}
// SAFETY: as above.
unsafe impl Sync for Popped {}

impl Handled for Popped {
    const KIND: Kind = Kind::Action;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static ACTIONS: Table<Popped> = Table::new();
        &ACTIONS
    }
}

fn message_of(action: &Action) -> Option<&[u8]> {
    match &action.body {
        Body::Empty => None,
        Body::Message(text) => text.split_last().map(|(_, text)| text),
        Body::Script(result) => result.error().or_else(|| result.text()),
    }
}

fn result_of(action: &Action) -> Option<sl_script_result> {
    match &action.body {
        Body::Script(result) => Some(view(result)),
        Body::Empty | Body::Message(_) => None,
    }
}

fn view_of(action: &Action, result: Option<&sl_script_result>) -> sl_action {
    let message = message_of(action);
    sl_action {
        id: action.id,
        owner: action.owner,
        context: action.context.0,
        message: message.map_or(std::ptr::null(), |text| text.as_ptr().cast()),
        message_len: message.map_or(0, <[u8]>::len),
        result: result.map_or(std::ptr::null(), std::ptr::from_ref),
        kind: action.kind,
        success: action.success,
        ..sl_action::defaults()
    }
}

/// Shows an action to C for the time of a call.
#[inline]
pub(super) fn lend(action: &Action, show: impl FnOnce(&sl_action)) {
    let result = result_of(action);
    show(&view_of(action, result.as_ref()));
}

/// Gives an action to C until sl_action_free.
///
/// # Safety
///
/// `out` is writable for `size` bytes.
pub(super) unsafe fn give(action: Action, out: *mut sl_action, size: usize) -> Result<()> {
    let result = result_of(&action);
    let ticket = Popped::table().insert(|(), _| Ok(Popped { action, result }))?;
    let popped = Popped::table().pin(ticket)?;
    let mut lent = view_of(&popped.action, popped.result.as_ref());
    lent.ticket = ticket.bits();
    // SAFETY: as the caller promised.
    unsafe { write_sized(out, size, lent) }
}

/// What the host pushes, copied.
///
/// # Safety
///
/// The message is readable for its length.
pub(super) unsafe fn take(action: &sl_action) -> Result<Action> {
    let own_kind = action.kind == SCRIPT_RESULT || action.kind == SCRIPT_MESSAGE;
    if own_kind || action.ticket != 0 || !action.result.is_null() {
        return Err(Error::InvalidArgument);
    }
    let body = if action.message.is_null() && action.message_len == 0 {
        Body::Empty
    } else {
        // SAFETY: as the caller promised.
        let text = unsafe { bytes(action.message.cast(), action.message_len) }?;
        let mut copy = Vec::new();
        copy.try_reserve_exact(text.len() + 1)?;
        copy.extend_from_slice(text);
        copy.push(0);
        Body::Message(copy.into())
    };
    Ok(Action {
        id: action.id,
        owner: action.owner,
        context: Context(action.context),
        kind: action.kind,
        success: action.success,
        body,
    })
}

/// # Safety
///
/// `action` is NULL or a struct whose size is set.
unsafe fn free(action: *mut sl_action) -> Result<()> {
    // SAFETY: as the caller promised.
    let size = unsafe { size_of_out(action) }?;
    if size == 0 {
        return Ok(());
    }
    if size < size_of::<sl_action>() {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: the struct is as large as ours, so the field is in it.
    let ticket = unsafe { (*action).ticket };
    if ticket != 0 {
        let handle = Handle::from_bits(ticket);
        Popped::table().remove(handle).map_err(|_| mistaken(handle))?;
    }
    // SAFETY: as the caller promised.
    unsafe { write_sized(action, size, sl_action::defaults()) }
}

/// Frees what a popped action owns and clears the struct. Does not free the struct itself.
///
/// A cleared struct may be freed again; a copy of one that was freed is found out.
///
/// @param action  the action; NULL is allowed
/// @return SL_STATUS_OK                freed, or there was nothing to free
/// @return SL_STATUS_INVALID_ARGUMENT  action->size is not that of an sl_action
/// @return SL_STATUS_STALE_HANDLE      the action was freed through another copy
/// @return SL_STATUS_WRONG_KIND        action->ticket is the handle of something else
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `action` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_free(action: *mut sl_action) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { free(action) })
}
