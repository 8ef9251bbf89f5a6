//! What only the owner thread of a loop touches, without a lock.

use std::collections::VecDeque;

use crate::event_loop::Ready;
use crate::event_loop::gate::Post;
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
