//! Scripts: jobs that workers run in Lua states.
//!
//! ```text
//! enqueue ──► chunk cache ──► job queue ──► worker ──► state (own or leased) ──► result
//!             (source → slot)  (priority,               (kept function, raw
//!                               affinity)                conversion)
//! ```
//!
//! No lock is held while Lua or the host runs.

mod admission;
mod chunk;
mod close;
mod convert;
pub mod crew;
mod ending;
mod engine;
pub mod guest;
mod inbox;
mod interrupt;
pub mod job;
pub mod kit;
mod kept;
mod library;
mod lua_state;
mod memory;
mod pending;
pub(crate) mod recycle;
mod rescue;
pub mod runner;
mod seat;
mod shared;
mod stack;
pub mod state_record;
mod tally;
mod watch;
mod worker;

pub use recycle::Job;

/// Functions of the host's that scripts call.
pub mod host_function {
    pub use super::convert::read_arguments;
    pub use super::stack::host_function::{Given, HostFunction};
}
