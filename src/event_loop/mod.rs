//! The event loop of one thread: what it holds, and what any thread may ask of it. The order of
//! one step stands in `step.rs`.

pub mod backend;
pub mod bell;
pub mod budget;
pub mod gate;
mod level;
pub mod owned;
pub mod stats;
pub mod step;
pub mod timers;
pub mod wait;
pub mod wheel;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event_loop::backend::{Backend, ParkerBackend};
use crate::event_loop::bell::Bells;
use crate::event_loop::gate::{ENDED, Gate, NOBODY, Post};
use crate::event_loop::owned::Owned;
use crate::event_loop::stats::{Counters, Stats};
use crate::event_loop::timers::{Callback, Repeat, Timers};
use crate::handles::{Handle, Handled};
use crate::log::{self, Level};
use crate::owner_cell::{HasOwner, OwnerCell};
use crate::parker::{NUDGED, Told};
use crate::queue::lanes::Lanes;
use crate::queue::ring::Refused;
use crate::sync::Mutex;
use crate::sys;

/// The priority of most work; lower numbers run first.
pub const PRIORITY_NORMAL: u32 = 100;

/// Nothing is scheduled.
pub const NEVER: u64 = u64::MAX;

/// How a loop is made.
#[derive(Debug)]
pub struct Config {
    /// What time it is.
    pub clock: Clock,
    /// Posts that may wait at once; 0 = no bound.
    pub post_capacity: u32,
    /// Timers that may be scheduled at once; 0 = no bound.
    pub timers_max: u32,
    /// Longest adaptive spin before the owner sleeps.
    pub spin_us: u32,
}

/// Something that has items of its own for the owner thread, such as an action queue.
pub trait Source: Send + Sync {
    /// Items that are ready.
    fn pending(&self) -> u64;
    /// Runs the oldest item, if there is one.
    fn run_one(&self) -> Ran;
}

/// What a source has done.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// An item ran.
    pub one: bool,
    /// There is more. If not, the source has made sure that the next item makes it ready again.
    pub more: bool,
}

/// A source that is ready, and how many items it may still run in this step.
type Ready = (Arc<dyn Source>, u64);

#[derive(Default)]
struct Shared {
    posts: Lanes<Post>,
    sources: Lanes<Arc<dyn Source>>,
    /// Posts that ever came this way.
    posted: u64,
    refused: u64,
    closed: bool,
}

/// An event loop. Belongs to one thread, its owner; others post, schedule and wake.
pub struct EventLoop {
    gate: &'static Gate,
    clock: Clock,
    backend: Box<dyn Backend>,
    timers: Mutex<Timers>,
    /// No timer is due before this; what a poll compares with instead of taking the lock.
    next_timer: AtomicU64,
    /// Posts of other priorities than normal, and sources that became ready.
    shared: Mutex<Shared>,
    shared_len: AtomicUsize,
    owned: OwnerCell<Owned>,
    stopping: AtomicBool,
    bells: Bells,
    counters: Counters,
    post_capacity: u64,
    first_post: u64,
}

impl std::fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLoop").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl EventLoop {
    /// A loop behind `gate`, owned by the calling thread. The gate belongs to no other loop.
    pub fn new(config: Config, gate: &'static Gate) -> Result<Self> {
        let consumer = gate.ring.open(config.post_capacity.into())?;
        gate.parker.set_spin(config.spin_us);
        gate.parker.take();
        gate.owner.store(sys::thread_id(), Ordering::Relaxed);
        let first_post = consumer.first();
        Ok(Self {
            gate,
            clock: config.clock,
            backend: Box::new(ParkerBackend),
            timers: Mutex::new(Timers::new(config.timers_max)),
            next_timer: AtomicU64::new(NEVER),
            shared: Mutex::new(Shared::default()),
            shared_len: AtomicUsize::new(0),
            owned: OwnerCell::new(Owned::new(consumer)),
            stopping: AtomicBool::new(false),
            bells: Bells::default(),
            counters: Counters::new(gate.parker.parks()),
            post_capacity: if config.post_capacity == 0 {
                u64::MAX
            } else {
                config.post_capacity.into()
            },
            first_post,
        })
    }

    /// Whether the calling thread owns the loop.
    #[inline]
    pub fn is_owner(&self) -> bool {
        self.gate.is_owner()
    }

    /// Gives the loop up; no thread owns it until one attaches.
    pub fn detach_thread(&self) -> Result<()> {
        self.check_owner()?;
        if self.owned.borrow(self)?.depth != 0 {
            return Err(Error::Reentered);
        }
        // Release pairs with the Acquire in `attach_thread`: the next owner sees all we did.
        self.gate.owner.store(NOBODY, Ordering::Release);
        Ok(())
    }

    /// Makes the calling thread the owner of a loop that nobody owns.
    pub fn attach_thread(&self) -> Result<()> {
        let me = sys::thread_id();
        let order = (Ordering::Acquire, Ordering::Relaxed);
        match self.gate.owner.compare_exchange(NOBODY, me, order.0, order.1) {
            Ok(_) => Ok(()),
            Err(owner) if owner == me => Ok(()),
            Err(ENDED) => Err(Error::StaleHandle),
            Err(_) => Err(Error::WrongThread),
        }
    }

    /// The loop's time.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Moves a virtual clock.
    pub fn advance(&self, ns: u64) -> Result<()> {
        self.clock.advance(ns)?;
        self.nudge();
        Ok(())
    }

    /// Ends the owner's wait, or the next one.
    pub fn wake(&self) {
        let told = self.gate.wake();
        self.finish(told);
    }

    /// Makes `run` return.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake();
    }

    /// Does what whoever left a notice was told to do.
    pub fn finish(&self, told: Told) {
        if told == Told::RingBell {
            self.backend.ring();
            self.bells.ring();
        }
    }

    fn nudge(&self) {
        let told = self.gate.parker.notify(NUDGED);
        self.finish(told);
    }

    /// Queues a post, made when it is certain to be queued.
    pub fn post(&self, priority: u32, make: impl FnOnce() -> Post) -> Result<()> {
        if priority == PRIORITY_NORMAL {
            let told = self.gate.post(|| true, make)?;
            self.finish(told);
            return Ok(());
        }
        {
            let mut shared = self.shared.lock();
            if shared.closed {
                return Err(Error::StaleHandle);
            }
            if shared.posted - self.counters.lane_posts_run.get() >= self.post_capacity {
                shared.refused += 1;
                return Err(Error::Full);
            }
            shared.posts.push(priority, make());
            shared.posted += 1;
            self.shared_len.fetch_add(1, Ordering::Release);
        }
        self.nudge();
        Ok(())
    }

    /// Tells the loop that a source has items. The source does so once, until `run_one` has
    /// said false.
    pub fn source_ready(&self, priority: u32, source: Arc<dyn Source>) {
        {
            let mut shared = self.shared.lock();
            if shared.closed {
                return;
            }
            shared.sources.push(priority, source);
            self.shared_len.fetch_add(1, Ordering::Release);
        }
        self.nudge();
    }

    /// Schedules a timer; its callback is made when it is certain to be scheduled.
    #[inline]
    pub fn schedule(
        &self,
        delay: u64,
        repeat: Option<Repeat>,
        make: impl FnOnce() -> Callback,
    ) -> Result<u64> {
        let now = self.clock.now();
        let deadline = now.saturating_add(delay);
        let mut timers = self.timers.lock();
        let id = timers.schedule(now, deadline, repeat, make)?;
        let sooner = deadline < self.next_timer.load(Ordering::Relaxed);
        if sooner {
            self.next_timer.store(deadline, Ordering::Release);
        }
        drop(timers);
        // The owner sleeps until the old deadline, or a descriptor is set to it.
        if sooner && (self.bells.any() || !self.is_owner()) {
            self.nudge();
        }
        Ok(id)
    }

    /// Cancels a timer. Ok once: when it was still to run, or is repeating and running now.
    /// The caller drops what comes out, which calls the host, when it is done with the loop.
    pub fn cancel(&self, id: u64) -> Result<Option<Callback>> {
        self.timers.lock().cancel(id)
    }

    /// Refuses everything from now on and drops what is queued, on the owner thread.
    pub fn close(&self) -> Result<()> {
        self.check_owner()?;
        let consumer = {
            let mut owned = self.owned.borrow(self)?;
            if owned.depth != 0 {
                return Err(Error::Reentered);
            }
            owned.depth = 1;
            owned.consumer.take()
        };
        let left = consumer.map(|consumer| consumer.close(&self.gate.ring)).unwrap_or_default();
        let (posts, sources) = {
            let mut shared = self.shared.lock();
            shared.closed = true;
            (std::mem::take(&mut shared.posts), std::mem::take(&mut shared.sources))
        };
        let timers = self.timers.lock().close();
        let local = self.owned.borrow(self)?.take_all();
        let dropped = left.len() + posts.len() + local.0.len();
        self.counters.posts_dropped.add(dropped as u64);
        self.counters.timers_dropped.add(timers.len() as u64);
        drop((left, posts, sources, timers, local));
        self.gate.owner.store(ENDED, Ordering::Release);
        Ok(())
    }

    /// A descriptor that is readable while a step has something to do.
    pub fn fd(&self) -> Result<i32> {
        self.check_owner()?;
        let fd = self.bells.fd().inspect_err(|_| {
            let why = format!("a loop gets no descriptor: {}", std::io::Error::last_os_error());
            log::write(Level::Error, why.as_bytes());
        })?;
        self.arm_new_bell()?;
        Ok(fd)
    }

    /// Has `hook` called when there is something to do, instead of what was called before.
    pub fn set_wake_hook(&self, hook: Option<Callback>) -> Result<()> {
        self.check_owner()?;
        let before = self.bells.set_hook(hook);
        drop(before);
        self.arm_new_bell()
    }

    /// Counters, as they are now. From any thread.
    pub fn stats(&self) -> Stats {
        stats::read(self)
    }
}

impl HasOwner for EventLoop {
    #[inline]
    fn check_owner(&self) -> Result<()> {
        if self.is_owner() { Ok(()) } else { Err(Error::WrongThread) }
    }
}

/// Ends the wait of the loop with this handle, or its next one. From any thread.
#[inline]
pub fn wake(handle: Handle) -> Result<()> {
    // Should the loop end right now, its gate takes a notice that nobody reads.
    match EventLoop::table().find(handle)?.gate().wake() {
        Told::Done => {}
        told => ring(handle, told),
    }
    Ok(())
}

/// Ends a wait that sleeps elsewhere. A loop that ended meanwhile needs no bell.
#[cold]
pub fn ring(handle: Handle, told: Told) {
    if let Ok(pinned) = EventLoop::table().pin(handle) {
        pinned.finish(told);
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        // A loop that its owner has closed has nothing left; one of a Rust host may have.
        let closed = self.close();
        debug_assert!(closed.is_ok() || self.shared.lock().closed, "dropped by a stranger");
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Full,
            Refused::Closed => Self::StaleHandle,
        }
    }
}
