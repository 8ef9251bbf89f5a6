//! The part of a loop that any thread may touch at any time, also while the loop ends: it
//! outlives the loop (see `handles`), and what reaches it too late is refused or harmless.

use crate::error::Error;
use crate::event_loop::timers::Callback;
use crate::foreign::{Context, WorkFn, call};
use crate::parker::{NUDGED, Parker, Told};
use crate::queue::ring::{Bound, Refused, Ring};
use crate::sys;
use crate::turn::{Party, Turn};

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
    /// The same, on the owner thread alone, also while another one drives the loop.
    Main(Callback),
    /// Call a function with a copy of some bytes.
    Copy(WorkFn, Bytes),
    /// It was moved elsewhere.
    Moved,
}

impl Post {
    /// Does it. The host's data is dropped with the post.
    #[inline]
    pub fn run(&mut self) {
        match self {
            Self::Call(Callback { run, data }) | Self::Main(Callback { run, data }) => {
                call(*run, data.context());
            }
            Self::Moved => {}
            Self::Copy(run, bytes) => call(*run, Context(bytes.0.as_mut_ptr().cast())),
        }
    }
}

/// A turn of the owner's, while another thread drives the loop.
pub struct OwnersTurn<'a>(&'a Turn);

impl Drop for OwnersTurn<'_> {
    fn drop(&mut self) {
        self.0.give(Party::Owner);
    }
}

/// The thread-safe front of a loop.
#[derive(Debug, Default)]
pub struct Gate {
    pub(super) parker: Parker,
    pub(super) ring: Ring<Post>,
    pub(super) turn: Turn,
}

impl Gate {
    /// Whether the calling thread may use what only one thread may use: it is the owner, or the
    /// one that drives the loop, while it does.
    #[inline]
    pub fn has_turn(&self) -> bool {
        self.turn.is_of(sys::thread_id())
    }

    /// Whether the loop belongs to the calling thread, whoever uses it at this moment.
    #[inline]
    pub fn is_owner(&self) -> bool {
        self.turn.belongs_to(sys::thread_id())
    }

    /// Waits for the owner's turn, which lasts until what is returned is dropped; nothing when
    /// it is the caller's turn already. An error when the calling thread is not the owner.
    #[cold]
    pub fn take_turn(&self) -> Result<Option<OwnersTurn<'_>>, Error> {
        let me = sys::thread_id();
        if self.turn.is_of(me) {
            return Ok(None);
        }
        if !self.turn.belongs_to(me) {
            return Err(Error::WrongThread);
        }
        if self.turn.take(me) { Ok(Some(OwnersTurn(&self.turn))) } else { Err(Error::StaleHandle) }
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
