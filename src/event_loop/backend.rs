//! Where a loop's owner waits. A backend decides how, never what for: notices and deadlines are
//! the loop's, so the contract is the same on each.

use crate::parker::Parker;

/// A way to wait and to be woken.
pub trait Backend: Send + Sync {
    /// Waits until `parker` has notices or `deadline` (absolute, monotonic) has come, and takes
    /// the notices; 0 = none. Called by the owner thread only.
    fn wait(&self, parker: &Parker, deadline: Option<u64>) -> u32;

    /// Ends a wait that watches the parker instead of sleeping on it. From any thread.
    fn ring(&self);
}

/// The default: sleeps on the parker's own word, so that no bell is needed.
#[derive(Debug)]
pub struct ParkerBackend;

impl Backend for ParkerBackend {
    fn wait(&self, parker: &Parker, deadline: Option<u64>) -> u32 {
        parker.park_until(deadline)
    }

    fn ring(&self) {}
}
