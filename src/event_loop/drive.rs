//! Drive: a thread that steps a loop whenever there is something to do, so that nobody has to.
//!
//! It is a guest of the loop (see `turn`): it takes its turn for a slice of work and sleeps
//! without it, so that the owner's calls find the loop free. What it sleeps on is a bell like
//! others: whoever has news for the loop, and whoever steps it and leaves something, rings.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use once_cell::sync::OnceCell;

use crate::clock::NEVER;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::event_loop::bell::{Bell, FdBell};
use crate::event_loop::budget::Limits;
use crate::event_loop::close::State;
use crate::event_loop::stats::Counter;
use crate::foreign::{Context, Foreign, WorkFn, call};
use crate::handles::{Handle, Handled};
use crate::log::{self, Level};
use crate::parker::{Parker, WOKEN};
use crate::spawn::spawn;
use crate::sync::Mutex;
use crate::sys;
use crate::turn::{NOBODY, Party};

/// How a loop is driven.
#[derive(Debug)]
pub struct Config {
    /// Of the thread.
    pub name: String,
    /// Of the thread's stack.
    pub stack_bytes: usize,
    /// Longest time that the owner waits for its turn, beside one item.
    pub slice_ns: u64,
    /// Longest spin before the thread sleeps.
    pub spin_us: u32,
    /// The host's, called on the thread with `data`.
    pub hooks: Hooks,
    /// For the hooks.
    pub data: Context,
}

/// What the host does on the thread.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// First.
    pub start: Option<WorkFn>,
    /// Last.
    pub exit: Option<WorkFn>,
}

/// The driving of one loop.
#[derive(Default)]
pub struct Drive {
    /// The thread, if there is one. Who starts or stops it keeps the lock: a start during a stop
    /// waits for its end, and so does another stop.
    thread: Mutex<Option<Driver>>,
    stopping: AtomicBool,
    /// The thread has not ended.
    is_on: AtomicBool,
    /// Until when the thread sleeps, or is about to.
    until: AtomicU64,
    /// Where it sleeps when it also has to see what libuv sees.
    fd: OnceCell<FdBell>,
    /// A wake of the host's that the thread took: it is for the owner.
    woken: AtomicBool,
    counters: Counters,
}

#[derive(Debug)]
struct Driver {
    thread: JoinHandle<()>,
    /// Of the host, for the hooks: goes when the thread has ended.
    data: Foreign,
}

/// Written by the thread alone, and by the one who starts it while there is none.
#[derive(Debug, Default)]
struct Counters {
    starts: Counter,
    steps: Counter,
    items: Counter,
    parks_before: Counter,
}

/// What a drive has counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// There is a thread.
    pub is_on: bool,
    /// Times that one was started.
    pub starts: u64,
    /// Turns that it took.
    pub steps: u64,
    /// Items that it ran.
    pub items: u64,
    /// Times that it really slept.
    pub parks: u64,
    /// Errors that were reported.
    pub errors: u64,
}

impl Drive {
    /// Not driven; the thread of earlier loops has slept `parks` times in the same place.
    pub(super) fn new(parks: u64) -> Self {
        let drive = Self::default();
        drive.counters.parks_before.set(parks);
        drive
    }

    /// Keeps anyone from starting or stopping until the guard is dropped.
    pub(super) fn lock(&self) -> impl Drop {
        self.thread.lock()
    }

    /// The thread took a wake.
    pub(super) fn keep_wake(&self) {
        self.woken.store(true, Ordering::Release);
    }

    /// The wake that the thread took, for the owner.
    pub(super) fn take_wake(&self) -> u32 {
        let is_woken = self.woken.load(Ordering::Relaxed);
        if is_woken && self.woken.swap(false, Ordering::Acquire) { WOKEN } else { 0 }
    }

    /// The thread is to sleep until `deadline` at most. When it is not the one who says so, it
    /// may be sleeping longer.
    pub(super) fn sleep_until(&self, deadline: u64, is_driving: bool, seat: &Parker) {
        let before = self.until.swap(deadline, Ordering::AcqRel);
        if let Some(fd) = self.fd.get() {
            if deadline != NEVER {
                fd.ring_at(deadline);
            }
        } else if deadline < before && !is_driving {
            seat.unpark();
        }
    }

    /// The thread steps: it looks at everything.
    pub(super) fn silence(&self) {
        self.fd.get().into_iter().for_each(FdBell::silence);
    }

    /// Sleeps until somebody rings.
    fn sleep(&self, seat: &Parker) {
        if let Some(fd) = self.fd.get() {
            if !sys::is_readable(fd.fd(), Some(0)) {
                seat.count_sleep();
                sys::is_readable(fd.fd(), None);
            }
            return;
        }
        let until = self.until.load(Ordering::Acquire);
        seat.park_until(Some(until).filter(|at| *at != NEVER));
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

impl EventLoop {
    /// Has a thread drive the loop, unless one does. By the owner, or by anyone when nobody owns
    /// the loop. `keep` is called unless there is an error: what it gives is dropped when nobody
    /// can use it any more.
    pub fn drive(&self, me: Handle, config: Config, keep: impl Fn() -> Foreign) -> Result<()> {
        let is_driven =
            self.gate.turn.is_guest(sys::thread_id()) || self.start(me, config, &keep)?;
        if is_driven {
            drop(keep());
        }
        Ok(())
    }

    /// True when there is a thread already.
    fn start(&self, me: Handle, config: Config, keep: &impl Fn() -> Foreign) -> Result<bool> {
        let mut driver = self.drive.thread.lock();
        if self.end.is_at_least(State::Draining) {
            return Err(self.refusal());
        }
        if driver.is_some() {
            return Ok(true);
        }
        if self.gate.turn.owner() != NOBODY {
            // The end of an earlier driving may have left the owner to take it back.
            drop(self.gate.take_turn()?);
            if self.owned.borrow(self)?.depth != 0 {
                return Err(Error::Reentered);
            }
        }
        if self.backend.pumps() {
            self.drive.fd.get_or_try_init(|| FdBell::new(self.backend.fd()))?;
        }
        self.drive.stopping.store(false, Ordering::Relaxed);
        self.drive.until.store(NEVER, Ordering::Relaxed);
        self.attend();
        self.gate.turn.share();
        self.drive.is_on.store(true, Ordering::Relaxed);
        let thread = self.spawn_driver(me, config).inspect_err(|_| {
            self.drive.is_on.store(false, Ordering::Relaxed);
            self.gate.turn.unshare();
        })?;
        *driver = Some(Driver { thread, data: keep() });
        self.drive.counters.starts.add(1);
        Ok(false)
    }

    fn spawn_driver(&self, me: Handle, config: Config) -> Result<JoinHandle<()>> {
        let Config { name, stack_bytes, slice_ns, spin_us, hooks, data } = config;
        self.gate.turn.guest_seat().set_spin(spin_us);
        let run = move || {
            // The loop does not end before it has stopped us.
            let Ok(pinned) = Self::table().pin(me) else { return };
            pinned.gate.turn.join(sys::thread_id());
            log::keep_errors(Some(Box::new(move |text| {
                if let Ok(pinned) = Self::table().pin(me) {
                    pinned.errors.report(text);
                }
            })));
            if let Some(start) = hooks.start {
                call(start, data);
            }
            pinned.drive_until_stopped(slice_ns);
            if let Some(exit) = hooks.exit {
                call(exit, data);
            }
            log::keep_errors(None);
            pinned.drive.is_on.store(false, Ordering::Release);
        };
        spawn(&name, stack_bytes, run)
    }

    fn drive_until_stopped(&self, slice_ns: u64) {
        let (turn, me) = (&self.gate.turn, sys::thread_id());
        while turn.take_as_guest(me, || self.drive.is_stopping()) {
            let is_over = self.drive_once(slice_ns);
            turn.give(Party::Guest);
            if is_over || self.drive.is_stopping() {
                return;
            }
            self.drive.sleep(turn.guest_seat());
        }
    }

    /// True when there will be nothing to do any more.
    fn drive_once(&self, slice_ns: u64) -> bool {
        self.owned.borrow_again().is_driving = true;
        let stepped = self.step(&Limits::budget(slice_ns));
        self.owned.borrow_again().is_driving = false;
        self.drive.counters.steps.add(1);
        if let Ok(report) = &stepped {
            self.drive.counters.items.add(report.items);
        }
        stepped.is_err()
    }

    /// There is something for the thread.
    pub(super) fn ring_driver(&self) {
        self.gate.turn.guest_seat().unpark();
        self.drive.fd.get().into_iter().for_each(FdBell::ring);
    }

    /// Ends the driving and waits for the thread. From any thread but that one.
    pub fn stop_driving(&self) -> Result<()> {
        if self.gate.turn.is_guest(sys::thread_id()) {
            return Err(Error::WouldDeadlock);
        }
        let mut driver = self.drive.thread.lock();
        let Some(Driver { thread, data }) = driver.take() else { return Ok(()) };
        self.drive.stopping.store(true, Ordering::Release);
        self.ring_driver();
        if thread.join().is_err() {
            log::write(Level::Error, b"the thread that drove a loop panicked");
        }
        self.gate.turn.unshare();
        // The lock first: what follows calls the host.
        drop(driver);
        drop(data);
        // What the thread has left is the owner's: it looks.
        self.bells.ring();
        Ok(())
    }

    /// Counters of the driving. From any thread.
    pub fn drive_stats(&self) -> Stats {
        let counters = &self.drive.counters;
        let parks = self.gate.turn.guest_seat().parks();
        Stats {
            is_on: self.drive.is_on.load(Ordering::Acquire),
            starts: counters.starts.get(),
            steps: counters.steps.get(),
            items: counters.items.get(),
            parks: parks.saturating_sub(counters.parks_before.get()),
            errors: self.errors.reported(),
        }
    }
}
