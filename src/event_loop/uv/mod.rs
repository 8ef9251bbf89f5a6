//! libuv: a loop that waits in a `uv_loop_t` of its own, or that is called from the host's.
//!
//! Timers, queues, order and budget are the loop's own on each backend; of libuv it uses a handle
//! that other threads can send a signal to and a timer, to be woken. All of libuv that is called
//! stands in a table of functions, so that it does not matter whether the host has it as a
//! shared library, statically and hidden, or not at all: then the table comes from `libuv.so.1`.
#![expect(unsafe_code, reason = "libuv is C; each call names what it relies on")]

mod api;
mod handle;
mod lent;
mod own;

pub use api::{Api, HandleFn, WalkFn, installed};
pub use lent::{Lent, Loan};
pub use own::Own;

/// Where a loop waits that has the libuv backend.
#[derive(Debug)]
pub enum Place {
    /// In a `uv_loop_t` that is made for it, with these functions, which are the host's or not.
    Own(Api, Whose),
    /// In the host's, which the host runs.
    Lent(Loan),
}

/// Whose libuv it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The host may use what is made with it.
    Hosts,
    /// It was found, and the host may have another one.
    Found,
}

/// Milliseconds until `deadline`, rounded up: libuv knows no finer time.
fn millis_until(deadline: u64, now: u64) -> u64 {
    deadline.saturating_sub(now).div_ceil(1_000_000)
}
