//! What only the owner thread of a loop touches, without a lock.
#![expect(unsafe_code, reason = "the owner check stands in for a lock; nothing else is needed")]

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;

use crate::error::Result;
use crate::event_loop::gate::Post;
use crate::event_loop::{EventLoop, Ready};
use crate::queue::lanes::Lanes;
use crate::queue::ring::Consumer;

/// The owner's side of the queues.
#[derive(Default)]
pub struct Owned {
    /// None once the loop is closed.
    pub consumer: Option<Consumer<Post>>,
    /// Posts of other priorities, taken from the shared lanes at the start of a step.
    pub posts: Lanes<Post>,
    /// Ready sources with what is left of their quota.
    pub sources: Lanes<Ready>,
    /// (deadline, id) of timers that are due and have not run yet, in this order.
    pub due: VecDeque<(u64, u64)>,
    /// Steps that are running: more than one inside nested steps.
    pub depth: u32,
}

impl Owned {
    /// With an empty queue.
    pub fn new(consumer: Consumer<Post>) -> Self {
        Self { consumer: Some(consumer), ..Self::default() }
    }

    /// What is left, for dropping where the host's code may run.
    pub fn take_all(&mut self) -> (Lanes<Post>, Lanes<Ready>) {
        self.due.clear();
        (std::mem::take(&mut self.posts), std::mem::take(&mut self.sources))
    }
}

/// Lets the owner in and nobody else.
pub struct OwnerCell(RefCell<Owned>);

// SAFETY: `borrow` gives access only to the loop's owner thread, and a loop has one at a time;
// moving ownership is a Release/Acquire pair on the owner's id.
unsafe impl Sync for OwnerCell {}
// SAFETY: everything inside may be sent.
unsafe impl Send for OwnerCell {}

impl OwnerCell {
    /// Keeps `owned` for the owner.
    pub fn new(owned: Owned) -> Self {
        Self(RefCell::new(owned))
    }

    /// For moments only: never while the host's code runs.
    #[inline]
    pub fn borrow(&self, of: &EventLoop) -> Result<RefMut<'_, Owned>> {
        of.check_owner()?;
        Ok(self.0.borrow_mut())
    }

    /// The same inside of a step, whose beginning has checked the owner: a step stays on its
    /// thread, and ownership cannot move while it runs.
    #[inline]
    pub(super) fn in_step(&self) -> RefMut<'_, Owned> {
        self.0.borrow_mut()
    }
}
