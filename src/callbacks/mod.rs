//! Callbacks by number: any thread enqueues a payload for a number, and the owner thread of a loop
//! calls the function that is registered under it.
//!
//! ```text
//! any thread ── enqueue(id, payload) ──► ring, wake ──► dispatch ──► function of id ──► drop
//! ```
//!
//! It is what stands behind the module `callbacks` of a host's own Lua and knows nothing of Lua.
//! Payloads go in the order of their arrival, and there is one queue: a dispatch inside of a
//! function goes on where the outer one was.

mod registry;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::callbacks::registry::Registry;
use crate::error::{Error, Result};
use crate::event_loop::stats::Counter;
use crate::event_loop::{self, EventLoop};
use crate::foreign::{BuildFn, Foreign};
use crate::handles::{Handle, Handled};
use crate::jobs::job::Job;
use crate::log::{self, Level};
use crate::owner_cell::{HasOwner, OwnerCell};
use crate::queue::ring::{Bound, Consumer, Refused, Ring};
use crate::sys;
use crate::value::Values;

/// What is called for a number. What it owns is dropped with it, on the owner thread.
pub type Function = dyn Fn(&Call<'_>) + Send + Sync;

/// What a function is called with.
pub enum Payload {
    /// A typed value.
    Value(Values),
    /// Made by the host, on the owner thread, where it is needed; `build` is the host's function
    /// for it, which only the host calls.
    Built {
        /// Never called here.
        build: BuildFn,
        /// For `build`.
        data: Foreign,
    },
    /// What a native job gave; whoever shows it to the host takes it out.
    Job(Cell<Option<Box<Job>>>),
}

/// One call of a function.
pub struct Call<'a> {
    /// The number.
    pub id: u64,
    /// What came with it.
    pub payload: &'a Payload,
    failed: Cell<bool>,
    counters: &'a Counters,
}

impl Call<'_> {
    /// The function could not do it: counts this call as failed, once, and says why in the log.
    pub fn fail(&self, why: &[u8]) {
        if !self.failed.replace(true) {
            self.counters.failed.add(1);
        }
        let head = format!("[callbacks] invocation failed for id {}: ", self.id);
        log::write(Level::Error, &[head.as_bytes(), why].concat());
    }
}

struct Item {
    id: u64,
    payload: Payload,
}

/// The owner's side.
struct Owned {
    /// None once it is closed.
    consumer: Option<Consumer<Item>>,
    registry: Registry,
}

/// Written by the owner thread alone.
#[derive(Default)]
struct Counters {
    registered: Counter,
    delivered: Counter,
    failed: Counter,
    unknown: Counter,
    dropped: Counter,
    high_water: Counter,
}

/// Counters. `accepted = delivered + unknown + dropped + pending`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "the C struct of the same fields says what each one is")]
pub struct Stats {
    pub registered: u64,
    pub accepted: u64,
    pub delivered: u64,
    pub failed: u64,
    pub unknown: u64,
    pub dropped: u64,
    pub refused: u64,
    pub pending: u64,
    pub high_water: u64,
}

/// Functions by number, and what is to be given to them.
pub struct Callbacks {
    ring: Ring<Item>,
    first: u64,
    owned: OwnerCell<Owned>,
    /// The loop that is woken; its owner is ours.
    home: AtomicU64,
    /// Its owner when it was looked at last: what is left of the loop when it has ended.
    owner: AtomicU64,
    counters: Counters,
}

impl Callbacks {
    /// Nothing registered, for at most `capacity` payloads at once (0 = no bound). Belongs to the
    /// owner thread of `home`, which is the calling one.
    pub fn new(home: Handle, capacity: u32) -> Result<Self> {
        check_home(home)?;
        let ring = Ring::default();
        let consumer = ring.open(capacity.into())?;
        let first = consumer.first();
        let owned = Owned { consumer: Some(consumer), registry: Registry::default() };
        Ok(Self {
            ring,
            first,
            owned: OwnerCell::new(owned),
            home: AtomicU64::new(home.bits()),
            owner: AtomicU64::new(sys::thread_id()),
            counters: Counters::default(),
        })
    }

    /// From now on another loop of the same thread is woken.
    pub fn set_home(&self, home: Handle) -> Result<()> {
        self.check_owner()?;
        check_home(home)?;
        self.home.store(home.bits(), Ordering::Release);
        // What was enqueued just now may have woken the old one.
        event_loop::wake(home)
    }

    /// Numbers a function, made when it is certain to be kept.
    pub fn register(&self, once: bool, make: impl FnOnce() -> Arc<Function>) -> Result<u64> {
        let mut owned = self.owned.borrow(self)?;
        if owned.consumer.is_none() {
            return Err(Error::Closed);
        }
        let id = owned.registry.add(once, make)?;
        self.count_registered(&owned);
        Ok(id)
    }

    /// Forgets a number. What is enqueued for it reaches nobody.
    pub fn unregister(&self, id: u64) -> Result<()> {
        let mut owned = self.owned.borrow(self)?;
        let gone = owned.registry.remove(id).ok_or(Error::NotFound)?;
        self.count_registered(&owned);
        drop(owned);
        // Here the host's code runs, unless the function is being called: then it does afterwards.
        drop(gone);
        Ok(())
    }

    fn count_registered(&self, owned: &Owned) {
        self.counters.registered.set(owned.registry.len() as u64);
    }

    /// Queues a payload for a number, made when it is certain to be queued, and wakes the loop.
    #[inline]
    pub fn enqueue(&self, id: u64, make: impl FnOnce() -> Payload) -> Result<()> {
        self.push(Bound::Keep, id, make)
    }

    /// Queues a job's result whatever the bound: that one must not be lost. When the callbacks
    /// have ended, nobody is left to get it.
    pub fn deliver(&self, id: u64, job: Box<Job>) {
        let ended = self.push(Bound::Exceed, id, || Payload::Job(Cell::new(Some(job))));
        debug_assert_ne!(ended, Err(Error::Full));
    }

    #[inline]
    fn push(&self, bound: Bound, id: u64, make: impl FnOnce() -> Payload) -> Result<()> {
        let item = || Item { id, payload: make() };
        match self.ring.push(bound, || true, item) {
            Ok(_) => {}
            Err(Refused::Full) => return Err(Error::Full),
            Err(Refused::Closed) => return Err(Error::Closed),
        }
        let home = Handle::from_bits(self.home.load(Ordering::Acquire));
        // A loop that has ended has nobody to wake; a dispatch still finds the payload.
        let _ended = event_loop::wake(home);
        Ok(())
    }

    /// Calls the functions of what was queued before, in order, `max` of them at most; gives how
    /// many it called.
    pub fn dispatch(&self, max: u64) -> Result<u64> {
        let end = {
            let owned = self.owned.borrow(self)?;
            let consumer = owned.consumer.as_ref().ok_or(Error::Closed)?;
            let pending = consumer.available(&self.ring);
            self.counters.high_water.raise(pending);
            consumer.taken() + pending
        };
        let mut called = 0;
        while called < max
            && let Some((function, item)) = self.next(end)
        {
            if let Some(function) = function {
                self.call(&*function, &item);
                called += 1;
            }
            // Here the payload is dropped, and a function that was called for the last time.
        }
        Ok(called)
    }

    /// The next payload, unless it came after the dispatch began, and its function, if there is
    /// one. A dispatch inside of a function has taken what it has.
    #[inline]
    fn next(&self, end: u64) -> Option<(Option<Arc<Function>>, Item)> {
        let mut owned = self.owned.borrow_again();
        let Owned { consumer, registry } = &mut *owned;
        let consumer = consumer.as_mut()?;
        if consumer.taken() >= end {
            return None;
        }
        let item = consumer.pop(&self.ring)?;
        let function = registry.find(item.id);
        match &function {
            Some(_) => self.counters.delivered.add(1),
            None => self.counters.unknown.add(1),
        }
        self.count_registered(&owned);
        Some((function, item))
    }

    fn call(&self, function: &Function, item: &Item) {
        let (failed, counters) = (Cell::new(false), &self.counters);
        let call = Call { id: item.id, payload: &item.payload, failed, counters };
        if catch_unwind(AssertUnwindSafe(|| function(&call))).is_err() {
            call.fail(b"the callback panicked");
        }
    }

    /// Refuses everything from now on; drops what is queued, in order, then what is registered.
    pub fn close(&self) -> Result<()> {
        let (consumer, registry) = {
            let mut owned = self.owned.borrow(self)?;
            (owned.consumer.take(), std::mem::take(&mut owned.registry))
        };
        let left = consumer.map(|consumer| consumer.close(&self.ring)).unwrap_or_default();
        self.counters.dropped.add(left.len() as u64);
        self.counters.registered.set(0);
        drop(left);
        drop(registry);
        Ok(())
    }

    /// Counters, as they are now. From any thread.
    pub fn stats(&self) -> Stats {
        let counters = &self.counters;
        let (delivered, unknown) = (counters.delivered.get(), counters.unknown.get());
        let dropped = counters.dropped.get();
        // Later than the others: whatever is counted there was accepted before.
        let accepted = self.ring.accepted(self.first);
        let pending = accepted - delivered - unknown - dropped;
        Stats {
            registered: counters.registered.get(),
            accepted,
            delivered,
            failed: counters.failed.get(),
            unknown,
            dropped,
            refused: self.ring.refused(),
            pending,
            high_water: counters.high_water.get().max(pending),
        }
    }
}

/// A home is a loop of the calling thread's.
fn check_home(home: Handle) -> Result<()> {
    let is_owner = EventLoop::table().find(home)?.gate().is_owner();
    if is_owner { Ok(()) } else { Err(Error::WrongThread) }
}

impl HasOwner for Callbacks {
    #[inline]
    fn check_owner(&self) -> Result<()> {
        let home = Handle::from_bits(self.home.load(Ordering::Relaxed));
        let me = sys::thread_id();
        let is_owner = match EventLoop::table().find(home) {
            Ok(slot) => slot.gate().is_owner(),
            Err(_) => self.owner.load(Ordering::Relaxed) == me,
        };
        if !is_owner {
            return Err(Error::WrongThread);
        }
        self.owner.store(me, Ordering::Relaxed);
        Ok(())
    }
}
