//! Actions: results and messages for the main thread, taken by it at the frame barrier, once
//! and in order.
//!
//! The queue is a ring that any thread fills. Those who take from it, by whatever call, share
//! one consumer behind a lock that is never held while the host's code runs. A consumer that
//! finds nothing leaves the ring listening; the one push that hears it tells whoever waits: the
//! attached loop, a loop to be woken, or a thread that is blocked in a pop.

mod waiters;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Weak};

use once_cell::sync::OnceCell;

use crate::actions::waiters::Waiters;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::budget::{Limits, Report};
use crate::event_loop::{EventLoop, NEVER, Ran, Source};
use crate::foreign::Context;
use crate::handles::{Handle, Handled};
use crate::queue::ring::{Bound, Consumer, Refused, Ring};
use crate::script::job::ScriptResult;
use crate::sync::{Mutex, yield_now};
use crate::sys;

/// The kind of a script's result.
pub const SCRIPT_RESULT: u32 = 0;
/// The kind of what `engine.post_to_main_thread` sends.
pub const SCRIPT_MESSAGE: u32 = u32::MAX;

/// What an action carries.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Bytes, the last of which is a NUL that does not count.
    Message(Box<[u8]>),
    /// What a job gave, or a script sent.
    Script(Box<ScriptResult>),
}

/// One thing for the main thread to know.
#[derive(Debug)]
pub struct Action {
    /// The job's id, or the host's.
    pub id: u64,
    /// Whose it is.
    pub owner: u64,
    /// The host's, only carried.
    pub context: Context,
    /// `SCRIPT_RESULT`, `SCRIPT_MESSAGE` or the host's.
    pub kind: u32,
    /// Whether it is good news.
    pub success: bool,
    /// The rest.
    pub body: Body,
}

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
struct Taking {
    /// None once the queue has ended.
    consumer: Option<Consumer<Action>>,
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
    /// A loop that is woken when there is something, when none is attached.
    woken: OnceCell<Handle>,
    /// The thread that took last: it must not wait for itself to take.
    taker: AtomicU64,
    /// The thread that runs an action now, if any.
    running: AtomicU64,
    this: Weak<Self>,
}

impl std::fmt::Debug for ActionQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActionQueue").field("when_full", &self.when_full).finish_non_exhaustive()
    }
}

impl ActionQueue {
    /// An empty queue for at most `capacity` actions; 0 = no bound.
    pub fn new(capacity: u32, when_full: WhenFull) -> Arc<Self> {
        Arc::new_cyclic(|this| {
            let ring = Ring::default();
            let consumer = ring.open(capacity.into());
            consumer.listen(&ring);
            let first = consumer.first();
            let taking =
                Taking { consumer: Some(consumer), delivered: 0, dropped: 0, high_water: 0 };
            Self {
                ring,
                first,
                taking: Mutex::new(taking),
                when_full,
                closed: AtomicBool::new(false),
                poppers: Waiters::default(),
                pushers: Waiters::default(),
                attachment: OnceCell::new(),
                woken: OnceCell::new(),
                taker: AtomicU64::new(0),
                running: AtomicU64::new(0),
                this: this.clone(),
            }
        })
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
                Err(Refused::Full) => self.make_room(&mut until)?,
            }
        }
    }

    /// What the policy says to do before a push is tried again.
    #[cold]
    fn make_room(&self, until: &mut Option<u64>) -> Result<()> {
        match self.when_full {
            WhenFull::Refuse => Err(Error::Full),
            WhenFull::DropOldest => {
                let oldest = self.take(|taking| taking.dropped += 1);
                drop(oldest);
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

    /// Takes the oldest action, and counts it by `count`. Also says whether there is more; if
    /// not, the ring listens for it now.
    #[inline]
    fn take(&self, count: impl FnOnce(&mut Taking)) -> (Option<Action>, bool) {
        let mut taking = self.taking.lock();
        let Some(consumer) = taking.consumer.as_mut() else { return (None, false) };
        let waiting = consumer.available(&self.ring);
        let mut action = consumer.pop(&self.ring);
        // A push may be between its two halves, and it has heard of no listener: whoever went to
        // sleep now would not be told. It is a few instructions, unless its thread was preempted.
        while action.is_none() && !consumer.listen(&self.ring) {
            yield_now();
            action = consumer.pop(&self.ring);
        }
        let more = consumer.is_ready(&self.ring) || !consumer.listen(&self.ring);
        taking.high_water = taking.high_water.max(waiting);
        if action.is_some() {
            count(&mut taking);
        }
        drop(taking);
        if more && action.is_some() {
            // Somebody else may wait for what is left: the ring tells only the first of them.
            self.poppers.wake_one();
        }
        if matches!(self.when_full, WhenFull::Block(_)) {
            // Pairs with the one in `Waiters::wait`: either we see the waiter, or it sees room.
            fence(Ordering::SeqCst);
            self.pushers.wake_one();
        }
        (action, more)
    }

    /// Takes the oldest action, without waiting.
    pub fn try_pop(&self) -> Result<Action> {
        self.taker.store(sys::thread_id(), Ordering::Relaxed);
        match self.take(|taking| taking.delivered += 1).0 {
            Some(action) => Ok(action),
            None if self.is_closed() => Err(Error::Closed),
            None => Err(Error::Empty),
        }
    }

    /// Takes the oldest action, waiting for one at most `wait` nanoseconds.
    pub fn pop(&self, wait: u64) -> Result<Action> {
        let until = if wait == NEVER { NEVER } else { monotonic_ns().saturating_add(wait) };
        let mut taken = Err(Error::Timeout);
        self.poppers.wait(until, || {
            match self.try_pop() {
                Err(Error::Empty) => return false,
                other => taken = other,
            }
            true
        });
        taken
    }

    /// Runs actions on the calling thread within a budget; what comes meanwhile waits for the
    /// next call.
    pub fn drain(&self, limits: &Limits, run: impl Fn(&Action)) -> Result<Report> {
        let me = sys::thread_id();
        if self.running.load(Ordering::Relaxed) == me {
            return Err(Error::Reentered);
        }
        self.taker.store(me, Ordering::Relaxed);
        let start = monotonic_ns();
        let most = if limits.work == Some(0) { 1 } else { limits.items };
        let end = limits.work.filter(|work| *work != 0).map(|work| start.saturating_add(work));
        let mut report = Report { next_deadline_ns: NEVER, ..Report::default() };
        let mut now = start;
        for _ in 0..self.pending().min(most) {
            if !self.run_next(me, &run).one {
                break;
            }
            report.items += 1;
            if let Some(end) = end {
                now = monotonic_ns();
                if now >= end {
                    report.overshoot_ns = now - end;
                    break;
                }
            }
        }
        report.actions = report.items;
        report.remaining = self.pending();
        report.elapsed_ns = if end.is_some() { now } else { monotonic_ns() } - start;
        if report.remaining != 0 {
            report.next_deadline_ns = 0;
        }
        Ok(report)
    }

    #[inline]
    fn run_next(&self, me: u64, run: impl Fn(&Action)) -> Ran {
        let (action, more) = self.take(|taking| taking.delivered += 1);
        let Some(action) = action else { return Ran { one: false, more } };
        let outer = self.running.swap(me, Ordering::Relaxed);
        run(&action);
        self.running.store(outer, Ordering::Relaxed);
        Ran { one: true, more }
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
        if self.running.load(Ordering::Relaxed) == sys::thread_id() {
            return Err(Error::Reentered);
        }
        if let Some(Attachment { to, .. }) = self.attachment.get() {
            // The owner may be running an action of ours at this moment.
            if EventLoop::table().pin(*to).is_ok_and(|to| !to.is_owner()) {
                return Err(Error::WrongThread);
            }
        }
        self.close();
        let consumer = self.taking.lock().consumer.take();
        let left = consumer.map(|consumer| consumer.close(&self.ring)).unwrap_or_default();
        self.taking.lock().dropped += left.len() as u64;
        drop(left);
        Ok(())
    }

    /// Counters, as they are now.
    pub fn stats(&self) -> Stats {
        let taking = self.taking.lock();
        let Taking { delivered, dropped, high_water, .. } = *taking;
        let accepted = self.ring.accepted(self.first);
        let pending = accepted - delivered - dropped;
        let (refused, high_water) = (self.ring.refused(), high_water.max(pending));
        Stats { accepted, delivered, dropped, refused, pending, high_water }
    }
}

impl Source for ActionQueue {
    fn pending(&self) -> u64 {
        let taking = self.taking.lock();
        taking.consumer.as_ref().map_or(0, |consumer| consumer.available(&self.ring))
    }

    fn run_one(&self) -> Ran {
        let Some(Attachment { run, .. }) = self.attachment.get() else {
            return Ran { one: false, more: false };
        };
        let me = sys::thread_id();
        self.taker.store(me, Ordering::Relaxed);
        self.run_next(me, run)
    }
}
