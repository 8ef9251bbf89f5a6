//! scriptloop: an event loop with a frame budget, a runner for Lua scripts on worker threads and
//! a queue that hands everything back to the main thread once and in order. For C, C++ and Zig.
//!
//! ```text
//! any thread ── post ──► gate (ring, parker) ──► step ──► host's function ──► drop
//! any thread ── enqueue ──► job queue ──► worker + Lua state ──► action queue ──► main thread
//! ```
//!
//! From the bottom up; each line uses only those above it:
//!
//! | module | what it is |
//! | --- | --- |
//! | `error`, `sys`, `sync`, `lock`, `mutex` | errors, system calls, primitives |
//! | `clock`, `log`, `spawn` | time, lines, threads |
//! | `foreign`, `handles` | the host's data; handles that cannot dangle |
//! | `owner_cell` | what one thread has for itself |
//! | `spin`, `parker`, `sleepers`, `waiters` | the one way to wait, for one and for many |
//! | `queue` | queues |
//! | `turn` | one thread's thing that a second one shares |
//! | `event_loop`, `actions` | the loop of one thread; results for it |
//! | `value`, `state_pool`, `script` | typed values, lent states, jobs on workers |
//! | `jobs`, `callbacks` | jobs that are no scripts; calls by number, for them and for all |
//! | `ffi` | the boundary with C, and nothing else |
//! | `fork` | what becomes of all of it in the child of a fork |

pub mod claim;
pub mod clock;
pub mod error;
pub mod lock;
pub mod occupancy;
pub mod parker;
pub mod queue;
pub mod sleepers;
pub mod spin;
pub mod sync;
pub mod sys;
pub mod turn;

#[cfg(not(loom))]
pub mod actions;
#[cfg(not(loom))]
pub mod callbacks;
#[cfg(not(loom))]
pub mod event_loop;
#[cfg(not(loom))]
pub mod ffi;
#[cfg(not(loom))]
pub mod foreign;
#[cfg(not(loom))]
mod fork;
#[cfg(not(loom))]
pub mod handles;
#[cfg(not(loom))]
pub mod jobs;
#[cfg(not(loom))]
pub mod log;
#[cfg(not(loom))]
pub mod mutex;
#[cfg(not(loom))]
pub mod owner_cell;
#[cfg(not(loom))]
pub mod script;
#[cfg(not(loom))]
pub mod spawn;
#[cfg(not(loom))]
pub mod state_pool;
#[cfg(not(loom))]
pub mod value;
#[cfg(not(loom))]
pub mod waiters;
