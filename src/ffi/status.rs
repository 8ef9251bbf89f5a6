//! Status: what every call that can fail returns.
//!
//! Numbers are never changed or used again. On any status but SL_STATUS_OK nothing was written
//! to an out-parameter and nothing was taken: what the caller passed still is the caller's.

use std::ffi::c_char;

use crate::error::Error;
use crate::ffi::boundary::guard_or;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum sl_status {
    /// Done.
    Ok = 0,
    /// A required pointer is NULL.
    NullArgument = 1,
    /// A number, length, enum value, flag or config is outside of what the function takes.
    InvalidArgument = 2,
    /// The handle was freed, or never was one.
    StaleHandle = 3,
    /// The handle is alive and of another noun.
    WrongKind = 4,
    /// Only the owner thread may do this.
    WrongThread = 5,
    /// Called from inside a callback that this very object is running.
    Reentered = 6,
    /// The object takes no more.
    Closed = 7,
    /// A bound is reached; the object has counted the refusal.
    Full = 8,
    /// Nothing is there to take.
    Empty = 9,
    /// The wait ended before what it waited for came.
    Timeout = 10,
    /// Another call is using the object in a way that excludes this one.
    Busy = 11,
    /// Waiting here could never end.
    WouldDeadlock = 12,
    /// The id or pointer names nothing that exists.
    NotFound = 13,
    /// This build or this object cannot do that.
    Unsupported = 14,
    /// Memory ran out.
    NoMemory = 15,
    /// The operating system refused; the log says what.
    System = 16,
    /// A defect of this library was contained; please report it.
    Panic = 17,
}

impl From<Error> for sl_status {
    fn from(error: Error) -> Self {
        match error {
            Error::NullArgument => Self::NullArgument,
            Error::InvalidArgument => Self::InvalidArgument,
            Error::StaleHandle => Self::StaleHandle,
            Error::WrongKind => Self::WrongKind,
            Error::WrongThread => Self::WrongThread,
            Error::Reentered => Self::Reentered,
            Error::Closed => Self::Closed,
            Error::Full => Self::Full,
            Error::Empty => Self::Empty,
            Error::Timeout => Self::Timeout,
            Error::Busy => Self::Busy,
            Error::WouldDeadlock => Self::WouldDeadlock,
            Error::NotFound => Self::NotFound,
            Error::Unsupported => Self::Unsupported,
            Error::NoMemory => Self::NoMemory,
            Error::System => Self::System,
        }
    }
}

/// Indexed by status.
const TEXTS: [&std::ffi::CStr; 18] = [
    c"done",
    c"a required pointer is NULL",
    c"an argument is outside of what the function takes",
    c"the handle was freed, or never was one",
    c"the handle is of another kind",
    c"only the owner thread may do this",
    c"called from inside a callback of the same object",
    c"the object is closed",
    c"the object is full",
    c"nothing is there to take",
    c"the wait timed out",
    c"the object is in use",
    c"waiting here could never end",
    c"no such id or pointer",
    c"not supported by this build or object",
    c"out of memory",
    c"the operating system refused",
    c"a defect inside scriptloop was contained; please report it",
];

/// Says in English what a status means. Does not allocate; the text is never NULL and lives for
/// ever, also for numbers that are no status.
///
/// @param status  a status
/// @return the text, ending in NUL
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_status_text(status: i32) -> *const c_char {
    guard_or(c"unknown status".as_ptr(), || {
        let known = usize::try_from(status).ok().and_then(|at| TEXTS.get(at));
        known.unwrap_or(&c"unknown status").as_ptr()
    })
}
