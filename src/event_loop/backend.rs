//! Where a loop's owner waits. A backend decides how, never what for: notices and deadlines are
//! the loop's, so the contract is the same on each.

use std::ffi::c_void;

use crate::clock::NEVER;
use crate::error::Result;
use crate::parker::Parker;

/// How a wait ended.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// What was taken from the parker.
    pub notices: u32,
    /// Something happened that only the backend knows of.
    pub elsewhere: bool,
}

impl Waited {
    /// Nothing but what the parker tells.
    pub fn told(notices: u32) -> Self {
        Self { notices, elsewhere: false }
    }
}

/// A way to wait and to be woken. Used by the one whose turn it is, but for `ring`.
pub trait Backend: Send + Sync {
    /// Waits until `parker` has notices or `deadline` (absolute, monotonic) has come, and takes
    /// the notices; 0 = none. May end early for no reason.
    fn wait(&self, parker: &Parker, deadline: Option<u64>) -> Waited;

    /// Ends a wait that watches the parker instead of sleeping on it. From any thread.
    fn ring(&self) {}

    /// Whether it has events of its own, which steps have to run.
    fn pumps(&self) -> bool {
        false
    }

    /// Whether some can be the host's.
    fn has_guests(&self) -> bool {
        false
    }

    /// Runs those that are there, all of them.
    fn pump(&self) {}

    /// A descriptor that is readable when there are some.
    fn fd(&self) -> Option<i32> {
        None
    }

    /// Nanoseconds until there will be some by the time alone; 0 also when the descriptor does
    /// not tell of all yet, and a pump is needed first.
    fn next_deadline(&self) -> u64 {
        NEVER
    }

    /// The `uv_loop_t` that it is.
    fn uv_loop(&self) -> Option<*mut c_void> {
        None
    }

    /// An error when something of the host's is still in it.
    fn check_idle(&self) -> Result<()> {
        Ok(())
    }
}

/// The default: sleeps on the parker's own word, so that nothing has to be rung.
#[derive(Debug)]
pub struct ParkerBackend;

impl Backend for ParkerBackend {
    fn wait(&self, parker: &Parker, deadline: Option<u64>) -> Waited {
        Waited::told(parker.park_until(deadline))
    }
}
