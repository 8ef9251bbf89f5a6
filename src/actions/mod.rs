//! Actions: results and messages for the main thread, taken by it at the frame barrier, once
//! and in order.
//!
//! The queue is a ring that any thread fills. Those who take from it, by whatever call, share
//! one consumer behind a lock that is never held while the host's code runs. A consumer that
//! finds nothing leaves the ring listening; the one push that hears it tells whoever waits: the
//! attached loop, a loop to be woken, or a thread that is blocked in a pop.

mod action;
mod take;
pub mod waiters;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use once_cell::sync::OnceCell;

pub use crate::actions::action::{Action, Body, SCRIPT_MESSAGE, SCRIPT_RESULT};
use crate::actions::waiters::Waiters;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Source};
use crate::handles::{Handle, Handled};
use crate::queue::ring::{Bound, Consumer, Refused, Ring};
use crate::sync::Mutex;
use crate::sys;

/// What a push does when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused.
    Refuse,
    /// It waits for room, at most this many nanoseconds.
    Block(u64),
    /// The oldest action is dropped.
    DropOldest,
}

/// Runs an action that a loop's poll has taken.
pub type RunFn = Box<dyn Fn(&Action) + Send + Sync>;

struct Attachment {
    to: Handle,
    priority: u32,
    run: RunFn,
}

/// What the takers share.
#[derive(Default)]
struct Taking {
    /// None once the queue has ended.
    consumer: Option<Consumer<Action>>,
    /// Older than all that is in the ring; see `drop_oldest`.
    results: VecDeque<Action>,
    delivered: u64,
    dropped: u64,
    high_water: u64,
}

/// Counters. `accepted = delivered + dropped + pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the C struct of the same fields says what each one is")]
pub struct Stats {
    pub accepted: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub refused: u64,
    pub pending: u64,
    pub high_water: u64,
}

/// A first-in first-out queue of actions.
pub struct ActionQueue {
    ring: Ring<Action>,
    first: u64,
    taking: Mutex<Taking>,
    when_full: WhenFull,
    closed: AtomicBool,
    /// Threads in `pop`.
    poppers: Waiters,
    /// Threads in a `push` that waits for room.
    pushers: Waiters,
    attachment: OnceCell<Attachment>,
    /// The attached loop knows that there is something.
    told: AtomicBool,
    /// A loop that is woken when there is something, when none is attached.
    woken: OnceCell<Handle>,
    /// The thread that took last: it must not wait for itself to take.
    taker: AtomicU64,
    /// Pushes that were refused; one that waited or dropped the oldest was not.
    refused: AtomicU64,
    this: Weak<Self>,
}

impl std::fmt::Debug for ActionQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActionQueue").field("when_full", &self.when_full).finish_non_exhaustive()
    }
}

impl ActionQueue {
    /// An empty queue for at most `capacity` actions; 0 = no bound.
    pub fn new(capacity: u32, when_full: WhenFull) -> Result<Arc<Self>> {
        let ring = Ring::default();
        let consumer = ring.open(capacity.into())?;
        consumer.listen(&ring);
        let first = consumer.first();
        let taking = Taking { consumer: Some(consumer), ..Taking::default() };
        Ok(Arc::new_cyclic(|this| Self {
            ring,
            first,
            taking: Mutex::new(taking),
            when_full,
            closed: AtomicBool::new(false),
            poppers: Waiters::default(),
            pushers: Waiters::default(),
            attachment: OnceCell::new(),
            told: AtomicBool::new(false),
            woken: OnceCell::new(),
            taker: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            this: this.clone(),
        }))
    }

    /// Appends an action as the queue's policy says.
    pub fn push(&self, action: Action) -> Result<()> {
        let mut action = Some(action);
        let mut until = None;
        loop {
            if self.closed.load(Ordering::Acquire) {
                return Err(Error::Closed);
            }
            let make = || action.take().expect("a place is certain only once");
            match self.try_push(Bound::Keep, make) {
                Ok(()) => return Ok(()),
                Err(Refused::Closed) => return Err(Error::Closed),
                Err(Refused::Full) => self.make_room(&mut until).inspect_err(|_| {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                })?,
            }
        }
    }

    /// What the policy says to do before a push is tried again.
    #[cold]
    fn make_room(&self, until: &mut Option<u64>) -> Result<()> {
        match self.when_full {
            WhenFull::Refuse => Err(Error::Full),
            WhenFull::DropOldest => {
                self.drop_oldest();
                Ok(())
            }
            WhenFull::Block(wait) => {
                if self.taker.load(Ordering::Relaxed) == sys::thread_id() {
                    return Err(Error::WouldDeadlock);
                }
                let until = *until.get_or_insert_with(|| monotonic_ns().saturating_add(wait));
                if self.wait_for_room(until) { Ok(()) } else { Err(Error::Timeout) }
            }
        }
    }

    /// Drops the oldest action of the host's. Results of scripts are set aside: they stay the
    /// first in order, and no longer take up room.
    fn drop_oldest(&self) {
        let mut taking = self.taking.lock();
        let Taking { consumer, results, dropped, .. } = &mut *taking;
        let Some(consumer) = consumer else { return };
        let oldest = loop {
            match consumer.pop(&self.ring) {
                Some(action) if matches!(action.body, Body::Script(_)) => results.push_back(action),
                oldest => break oldest,
            }
        };
        *dropped += u64::from(oldest.is_some());
        drop(taking);
        drop(oldest);
    }

    /// Appends an action whatever the bound: for what must never be lost. Only a queue that has
    /// ended does not take it; it is dropped then.
    pub fn push_always(&self, action: Action) {
        let mut action = Some(action);
        let make = || action.take().expect("a place is certain only once");
        let ended = self.try_push(Bound::Exceed, make);
        debug_assert_ne!(ended, Err(Refused::Full));
    }

    #[inline]
    fn try_push(
        &self,
        bound: Bound,
        make: impl FnOnce() -> Action,
    ) -> std::result::Result<(), Refused> {
        if self.ring.push(bound, || true, make)? && self.ring.heard() {
            self.tell();
        }
        Ok(())
    }

    /// There is something to take, and nobody knows.
    #[cold]
    fn tell(&self) {
        self.poppers.wake_one();
        if let Some(Attachment { to, priority, .. }) = self.attachment.get() {
            // Once is enough until the loop has come by: somebody may be taking by hand.
            if self.told.swap(true, Ordering::AcqRel) {
                return;
            }
            if let (Ok(to), Some(this)) = (EventLoop::table().pin(*to), self.this.upgrade()) {
                to.source_ready(*priority, this);
            }
        } else if let Some(Ok(woken)) = self.woken.get().map(|to| EventLoop::table().pin(*to)) {
            woken.wake();
        }
    }

    /// False when there was no room until then.
    fn wait_for_room(&self, until: u64) -> bool {
        self.pushers.wait(until, || {
            let taking = self.taking.lock();
            let consumer = taking.consumer.as_ref();
            self.closed.load(Ordering::Acquire)
                || consumer.is_none_or(|consumer| consumer.has_room(&self.ring))
        })
    }

    /// Lets the polls of a loop run the actions with what `make` gives. Once, and for good.
    pub fn attach(&self, to: Handle, priority: u32, make: impl FnOnce() -> RunFn) -> Result<()> {
        let mut attached = false;
        self.attachment.get_or_init(|| {
            attached = true;
            Attachment { to, priority, run: make() }
        });
        if !attached {
            return Err(Error::Busy);
        }
        // From now on this thread takes: it must not wait for itself.
        self.taker.store(sys::thread_id(), Ordering::Relaxed);
        // What came before was told to nobody.
        if self.pending() != 0 {
            self.ring.heard();
            self.tell();
        }
        Ok(())
    }

    /// Wakes a loop whenever there is something to take, unless one is attached.
    pub fn wakes(&self, woken: Handle) -> Result<()> {
        let first = self.woken.get_or_init(|| woken);
        if *first == woken { Ok(()) } else { Err(Error::Busy) }
    }

    /// Refuses new actions from the host and releases everybody who waits. What is queued can
    /// still be taken, and results of scripts still come.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.poppers.wake_all();
        self.pushers.wake_all();
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Ends the queue: closes it and drops what is left.
    pub fn end(&self) -> Result<()> {
        if self.runs_here() {
            return Err(Error::Reentered);
        }
        if let Some(Attachment { to, .. }) = self.attachment.get() {
            // The owner may be running an action of ours at this moment.
            if EventLoop::table().pin(*to).is_ok_and(|to| !to.is_owner()) {
                return Err(Error::WrongThread);
            }
        }
        self.close();
        self.drop_all();
        Ok(())
    }

    /// Takes the consumer away for good and drops what is left.
    fn drop_all(&self) {
        let (consumer, results) = {
            let mut taking = self.taking.lock();
            (taking.consumer.take(), std::mem::take(&mut taking.results))
        };
        let left = consumer.map(|consumer| consumer.close(&self.ring)).unwrap_or_default();
        self.taking.lock().dropped += (left.len() + results.len()) as u64;
        drop((left, results));
    }

    /// Counters, as they are now.
    pub fn stats(&self) -> Stats {
        let taking = self.taking.lock();
        let Taking { delivered, dropped, high_water, .. } = *taking;
        let accepted = self.ring.accepted(self.first);
        let pending = accepted - delivered - dropped;
        let refused = self.refused.load(Ordering::Relaxed);
        let high_water = high_water.max(pending);
        Stats { accepted, delivered, dropped, refused, pending, high_water }
    }
}

impl Drop for ActionQueue {
    fn drop(&mut self) {
        // Nothing to do for a queue that has ended; one that never got a handle has not.
        self.drop_all();
    }
}
