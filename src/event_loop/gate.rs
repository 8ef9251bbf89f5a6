//! The part of a loop that any thread may touch at any time, also while the loop ends: it
//! outlives the loop (see `handles`), and what reaches it too late is refused or harmless.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::event_loop::timers::Callback;
use crate::foreign::{Context, WorkFn, call};
use crate::parker::{NUDGED, Parker, Told};
use crate::queue::ring::{Bound, Refused, Ring};
use crate::sys;

/// Most bytes that travel inside a post.
pub const POST_BYTES_MAX: usize = 64;

/// Bytes that travel inside a post, aligned for anything.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Bytes(pub [u8; POST_BYTES_MAX]);

impl Bytes {
    /// A copy of `lent`, which is no longer than what there is place for.
    #[inline]
    pub fn copy(lent: &[u8]) -> Self {
        // Of a length that the compiler knows: moves, no call.
        if let Ok(whole) = <&[u8; POST_BYTES_MAX]>::try_from(lent) {
            return Self(*whole);
        }
        let mut bytes = [0; POST_BYTES_MAX];
        bytes[..lent.len()].copy_from_slice(lent);
        Self(bytes)
    }
}

/// One thing to do on the owner thread.
#[derive(Debug)]
pub enum Post {
    /// Call a function with the host's data, then drop the data.
    Call(Callback),
    /// Call a function with a copy of some bytes.
    Copy(WorkFn, Bytes),
}

impl Post {
    /// Does it. The host's data is dropped with the post.
    #[inline]
    pub fn run(&mut self) {
        match self {
            Self::Call(Callback { run, data }) => call(*run, data.context()),
            Self::Copy(run, bytes) => call(*run, Context(bytes.0.as_mut_ptr().cast())),
        }
    }
}

/// Nobody owns the loop.
pub const NOBODY: u64 = 0;
/// The loop has ended, and nobody can take it any more.
pub const ENDED: u64 = u64::MAX;

/// The thread-safe front of a loop.
#[derive(Debug, Default)]
pub struct Gate {
    pub(super) parker: Parker,
    pub(super) ring: Ring<Post>,
    pub(super) owner: AtomicU64,
}

impl Gate {
    /// Whether the calling thread owns the loop.
    #[inline]
    pub fn is_owner(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == sys::thread_id()
    }

    /// Leaves a notice that ends the owner's wait.
    #[inline]
    pub fn wake(&self) -> Told {
        self.parker.notify(crate::parker::WOKEN)
    }

    /// Queues a post of normal priority, made when it is certain to be queued. `still_ours` says
    /// whether the loop that is meant is still behind this gate.
    #[inline]
    pub fn post(
        &self,
        still_ours: impl Fn() -> bool,
        make: impl FnOnce() -> Post,
    ) -> Result<Told, Refused> {
        let asleep = self.ring.push(Bound::Keep, still_ours, make)?;
        Ok(if asleep { self.parker.notify(NUDGED) } else { Told::Done })
    }
}
