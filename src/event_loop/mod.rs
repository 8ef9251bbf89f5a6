//! The event loop of one thread: what it holds, and what any thread may ask of it. The order of
//! one step stands in `step.rs`.

mod attend;
pub mod backend;
pub mod bell;
pub mod budget;
pub mod close;
pub mod drive;
pub mod errors;
pub mod gate;
mod items;
mod level;
pub mod owned;
mod post;
pub mod stats;
pub mod step;
pub mod timers;
pub mod uv;
pub mod wait;
pub mod wheel;

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::clock::Clock;
pub use crate::clock::NEVER;
use crate::error::{Error, Result};
use crate::event_loop::attend::Duties;
use crate::event_loop::backend::{Backend, ParkerBackend};
use crate::event_loop::bell::Bells;
use crate::event_loop::close::End;
use crate::event_loop::drive::Drive;
use crate::event_loop::errors::Errors;
use crate::event_loop::gate::{Gate, OwnersTurn, Post};
use crate::event_loop::owned::Owned;
use crate::event_loop::stats::{Counters, Stats};
use crate::event_loop::timers::Timers;
use crate::event_loop::uv::{Own, Place};
use crate::handles::{Handle, Handled};
use crate::owner_cell::{HasOwner, OwnerCell};
use crate::parker::Told;
use crate::queue::lanes::Lanes;
use crate::sync::Mutex;
use crate::sys;
use crate::turn::ENDED;

/// The priority of most work; lower numbers run first.
pub const PRIORITY_NORMAL: u32 = 100;

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
    /// Where it waits in libuv, if it does.
    pub uv: Option<Place>,
}

/// Something that has items of its own for the owner thread, such as an action queue.
pub trait Source: Send + Sync {
    /// Items that are ready.
    fn pending(&self) -> u64;
    /// Runs the oldest item, if there is one.
    fn run_one(&self) -> Ran;
    /// Whether only the loop's owner may run them, also while another thread drives the loop.
    fn is_for_owner(&self) -> bool;
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
    /// No posts are taken.
    closed: bool,
    /// No sources either.
    ended: bool,
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
    duties: Duties,
    bells: Bells,
    drive: Drive,
    end: End,
    errors: Errors,
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
    /// A loop behind `gate`, owned by the calling thread, that will have the name `me`. The gate
    /// belongs to no other loop.
    pub fn new(config: Config, gate: &'static Gate, me: Handle) -> Result<Self> {
        let (backend, bells) = waiting_in(config.uv, me)?;
        let consumer = gate.ring.open(config.post_capacity.into())?;
        gate.parker.set_spin(config.spin_us);
        gate.parker.take();
        gate.turn.begin(sys::thread_id());
        let first_post = consumer.first();
        let made = Self {
            gate,
            clock: config.clock,
            timers: Mutex::new(Timers::new(config.timers_max)),
            next_timer: AtomicU64::new(NEVER),
            shared: Mutex::new(Shared::default()),
            shared_len: AtomicUsize::new(0),
            owned: OwnerCell::new(Owned::new(consumer)),
            stopping: AtomicBool::new(false),
            duties: Duties::new(bells.is_lent(), backend.pumps()),
            backend,
            bells,
            drive: Drive::new(gate.turn.guest_seat().parks()),
            end: End::default(),
            errors: Errors::default(),
            counters: Counters::new(gate.parker.parks()),
            post_capacity: if config.post_capacity == 0 {
                u64::MAX
            } else {
                config.post_capacity.into()
            },
            first_post,
        };
        if made.bells.is_lent() {
            made.arm();
        }
        Ok(made)
    }

    /// Whether the loop belongs to the calling thread, whoever uses it at this moment.
    #[inline]
    pub fn is_owner(&self) -> bool {
        self.gate.is_owner()
    }

    /// Whether the calling thread may step it now: its owner, or the one that drives it.
    #[inline]
    pub fn has_turn(&self) -> bool {
        self.gate.has_turn()
    }

    /// Whether the calling thread is inside of one of its callbacks.
    pub fn is_stepping_here(&self) -> bool {
        self.has_turn() && self.owned.borrow_again().depth != 0
    }

    /// Whether another thread drives it.
    pub fn is_driven_elsewhere(&self) -> bool {
        self.gate.turn.is_shared() && !self.gate.turn.is_guest(sys::thread_id())
    }

    /// The `uv_loop_t` that it waits in, where the host may use it.
    pub fn uv_loop(&self) -> Result<*mut c_void> {
        self.check_owner()?;
        self.backend.uv_loop().ok_or(Error::Unsupported)
    }

    /// Waits until nobody else steps it, by its owner; see `Gate::take_turn`.
    pub fn take_turn(&self) -> Result<Option<OwnersTurn<'_>>> {
        self.gate.take_turn()
    }

    /// Gives the loop up; no thread owns it until one attaches.
    pub fn detach_thread(&self) -> Result<()> {
        if self.owned.borrow(self)?.depth != 0 {
            return Err(Error::Reentered);
        }
        if self.gate.turn.is_shared() {
            return Err(Error::Busy);
        }
        self.gate.turn.leave();
        Ok(())
    }

    /// Makes the calling thread the owner of a loop that nobody owns.
    pub fn attach_thread(&self) -> Result<()> {
        let me = sys::thread_id();
        if self.gate.turn.is_guest(me) {
            return Err(Error::WrongThread);
        }
        let _nobody_starts_to_drive_it = self.drive.lock();
        match self.gate.turn.inherit(me) {
            Ok(()) => Ok(()),
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
            if self.gate.turn.is_shared() {
                self.ring_driver();
            } else {
                self.bells.ring();
            }
        }
    }

    /// What went wrong while nobody looked.
    pub fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Counters, as they are now. From any thread.
    pub fn stats(&self) -> Stats {
        stats::read(self)
    }
}

impl HasOwner for EventLoop {
    #[inline]
    fn check_owner(&self) -> Result<()> {
        if self.has_turn() { Ok(()) } else { Err(Error::WrongThread) }
    }
}

/// The backend for a place, and a bell in it.
fn waiting_in(place: Option<Place>, me: Handle) -> Result<(Box<dyn Backend>, Bells)> {
    match place {
        None => Ok((Box::new(ParkerBackend), Bells::default())),
        Some(Place::Own(api, whose)) => Ok((Box::new(Own::new(api, whose)?), Bells::default())),
        Some(Place::Lent(lent)) => Ok((Box::new(ParkerBackend), Bells::with_lent(lent.open(me)?))),
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
        // A loop that its owner has freed has nothing left; one of a Rust host may have.
        let freed = self.free();
        debug_assert!(freed.is_ok() || self.shared.lock().ended, "dropped by a stranger");
    }
}
