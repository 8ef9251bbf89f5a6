//! What only the thread whose turn it is touches, without a lock.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event_loop::gate::Post;
use crate::event_loop::{Ready, Source};
use crate::queue::lanes::Lanes;
use crate::queue::ring::Consumer;

/// The consuming side of the queues.
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
    /// They run on a thread that drives the loop and is not its owner.
    pub is_driving: bool,
    /// What such a thread came upon.
    pub held: Held,
    /// When the step began, if the backend has run something since.
    pub begun: Option<u64>,
}

/// What is ready and for the owner alone: first in the owner's next step.
#[derive(Default)]
pub struct Held {
    /// By priority; older than all others of theirs.
    pub posts: Lanes<Post>,
    /// The same for sources.
    pub sources: Lanes<Arc<dyn Source>>,
    /// The same for timers.
    pub due: VecDeque<(u64, u64)>,
}

impl Held {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.sources.is_empty() && self.due.is_empty()
    }

    /// How many items there are, as far as one look can tell.
    pub fn len(&self) -> u64 {
        let actions: u64 = self.sources.iter().map(|source| source.pending()).sum();
        (self.posts.len() + self.due.len()) as u64 + actions
    }
}

impl Owned {
    /// With an empty queue.
    pub fn new(consumer: Consumer<Post>) -> Self {
        Self { consumer: Some(consumer), ..Self::default() }
    }

    /// The owner steps: what was held for it is the first of its kind.
    pub fn take_held(&mut self) {
        self.held.posts.append(&mut self.posts);
        std::mem::swap(&mut self.posts, &mut self.held.posts);
        let mut later = std::mem::take(&mut self.sources);
        while let Some((priority, source)) = self.held.sources.pop() {
            self.sources.push(priority, (source, 0));
        }
        self.sources.append(&mut later);
        self.held.due.append(&mut self.due);
        std::mem::swap(&mut self.due, &mut self.held.due);
    }

    /// What is left, for dropping where the host's code may run.
    pub fn take_all(&mut self) -> (Lanes<Post>, Lanes<Ready>, Held) {
        self.due.clear();
        let held = std::mem::take(&mut self.held);
        (std::mem::take(&mut self.posts), std::mem::take(&mut self.sources), held)
    }
}
