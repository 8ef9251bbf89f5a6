//! The crate's one error type. Its variants are the statuses of the C API, so that crossing the
//! boundary is a table lookup and nothing is lost in translation.

use std::collections::TryReserveError;

/// Why a call did nothing. Whoever returns it has left everything as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A required pointer is NULL.
    NullArgument,
    /// A number, length, enum value or config is outside of what the function takes.
    InvalidArgument,
    /// The handle was freed, or never was one.
    StaleHandle,
    /// The handle is alive and of another noun.
    WrongKind,
    /// Only the owner thread may do this.
    WrongThread,
    /// Called from inside a callback that this very object is running.
    Reentered,
    /// The object takes no more.
    Closed,
    /// A bound is reached; the object counts the refusal.
    Full,
    /// Nothing is there to take.
    Empty,
    /// The wait ended before what it waited for came.
    Timeout,
    /// Another call is using the object in a way that excludes this one.
    Busy,
    /// Waiting here could never end.
    WouldDeadlock,
    /// The id or pointer names nothing that exists.
    NotFound,
    /// This build or this object cannot do that.
    Unsupported,
    /// Memory ran out.
    NoMemory,
    /// The operating system refused; the log says what.
    System,
}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Self {
        Self::NoMemory
    }
}

/// What fallible functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;
