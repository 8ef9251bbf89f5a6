//! Who looks after the workers: ends jobs whose deadline has passed, and takes those away that
//! do not end.
//!
//! It sleeps until the nearest deadline and wakes for nothing else. A worker that begins a job
//! writes the deadline to its seat and then looks whether the watch sleeps longer; the watch says
//! how long it will sleep and then looks at the deadlines again: one of the two sees the other.

use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::interrupt::Reason;
use super::recycle::Job;
use super::seat::{NEVER, Seat, Stuck};
use crate::clock::monotonic_ns;
use crate::parker::Parker;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// Longer than any script needs to notice that it has to end: what is still running then is in a
/// C function that nothing can stop.
const PATIENCE_NS: u64 = 150_000_000;

/// Between two looks at jobs that go on after the runner was closed: handlers of `__close` may
/// have been allowed to run at that very moment.
const CLOSING_NS: u64 = 2_000_000;

/// The watch of one runner.
pub struct Watch {
    /// By worker. One that was written off is not in here any more.
    seats: Box<[Mutex<Arc<CachePadded<Seat>>>]>,
    parker: Parker,
    /// When it looks next.
    next: AtomicU64,
    /// Jobs that end before they begin; the watch delivers their results.
    ended: Mutex<Vec<(Job, Reason)>>,
    /// The runner is closed: all jobs have to end.
    closing: AtomicBool,
    over: AtomicBool,
}

/// Workers write their seats all the time: no two of them share a cache line.
fn new_seat() -> Arc<CachePadded<Seat>> {
    Arc::new(CachePadded::new(Seat::new()))
}

/// What a watch does with what it finds.
pub trait Rescuer {
    /// `worker` does not end its job, which was taken away from it.
    fn rescue(&self, worker: usize, stuck: Stuck);
    /// A job ends before it has begun.
    fn deliver_ended(&self, job: Job, reason: Reason);
}

impl Watch {
    /// A watch over so many workers.
    pub fn new(workers: u32) -> Self {
        let seats = (0..workers).map(|_| Mutex::new(new_seat())).collect();
        Self {
            seats,
            parker: Parker::default(),
            next: AtomicU64::new(NEVER),
            ended: Mutex::new(Vec::new()),
            closing: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// The seat of `worker`.
    pub fn seat(&self, worker: usize) -> Arc<CachePadded<Seat>> {
        self.seats[worker].lock().clone()
    }

    /// A new seat for the successor of `worker`.
    pub fn replace(&self, worker: usize) -> Arc<CachePadded<Seat>> {
        let seat = new_seat();
        *self.seats[worker].lock() = seat.clone();
        seat
    }

    /// The job on `seat` has to end at `deadline`.
    #[inline]
    pub fn expect(&self, seat: &Seat, deadline: u64) {
        seat.set_deadline(deadline);
        self.look_at(deadline);
    }

    #[inline]
    fn look_at(&self, time: u64) {
        fence(Ordering::SeqCst);
        if time < self.next.load(Ordering::Relaxed) {
            self.parker.unpark();
        }
    }

    /// Asks the running jobs that are `wanted`, by id and owner, to end; gives their number.
    pub fn ask(&self, reason: Reason, wanted: impl Fn(u64, u64) -> bool) -> u64 {
        let asked = |worker: &usize| self.seat(*worker).ask(reason, &wanted);
        let count = (0..self.seats.len()).filter(asked).count();
        if count > 0 {
            self.look_at(monotonic_ns() + PATIENCE_NS);
        }
        count as u64
    }

    /// Has the watch deliver the results of jobs that end before they begin.
    pub fn bury(&self, jobs: Vec<Job>, reason: Reason) {
        self.ended.lock().extend(jobs.into_iter().map(|job| (job, reason)));
        self.parker.unpark();
    }

    /// Looks until it is over.
    pub fn run(&self, rescuer: &impl Rescuer) {
        loop {
            let over = self.over.load(Ordering::Acquire);
            let ended = std::mem::take(&mut *self.ended.lock());
            for (job, reason) in ended {
                rescuer.deliver_ended(job, reason);
            }
            if over {
                return;
            }
            self.look(rescuer);
            let next = self.next_look();
            self.next.store(next, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if self.next_look() >= next {
                self.parker.park_until(Some(next).filter(|&next| next != NEVER));
            }
        }
    }

    fn look(&self, rescuer: &impl Rescuer) {
        let now = monotonic_ns();
        let closing = self.closing.load(Ordering::Acquire);
        for worker in 0..self.seats.len() {
            let seat = self.seat(worker);
            if closing {
                seat.ask(Reason::Closed, |_, _| true);
            }
            seat.ask_late(now);
            seat.remind(now);
            if let Some(stuck) = seat.take_stuck(now, PATIENCE_NS) {
                rescuer.rescue(worker, stuck);
            }
        }
    }

    fn next_look(&self) -> u64 {
        let looks = (0..self.seats.len()).map(|worker| self.seat(worker).next_look(PATIENCE_NS));
        let next = looks.min().unwrap_or(NEVER);
        // What runs now was under way before the runner was closed; no worker begins another job.
        let closing = self.closing.load(Ordering::Acquire);
        let busy = || (0..self.seats.len()).any(|worker| !self.seat(worker).is_free());
        if closing && busy() { next.min(monotonic_ns() + CLOSING_NS) } else { next }
    }

    /// From now on no job may go on. What waited has been buried: a job that is under way is on
    /// its seat by now, or its worker is looking for it.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        // Not left to the watch alone: it may be busy with a callback.
        self.ask(Reason::Closed, |_, _| true);
        self.parker.unpark();
    }

    /// Ends `run`.
    pub fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.parker.unpark();
    }
}
