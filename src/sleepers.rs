//! The workers that have nothing to do.
//!
//! A bit for each says that it sleeps or is about to. Whoever brings a job looks at the bits
//! after the job is in, a worker looks for jobs after its bit is set, each with a full fence
//! between: one of the two sees the other, so that no job waits beside a sleeping worker.

use crossbeam::utils::CachePadded;

use crate::parker::Parker;
use crate::sync::atomic::{AtomicU64, Ordering, fence};

/// As many as there are bits.
pub const WORKERS_MAX: u32 = u64::BITS;

/// Where the workers of one runner sleep.
pub struct Sleepers {
    asleep: CachePadded<AtomicU64>,
    parkers: Box<[CachePadded<Parker>]>,
}

impl Sleepers {
    /// Places for so many workers, all awake.
    pub fn new(workers: u32) -> Self {
        let parkers = (0..workers).map(|_| CachePadded::new(Parker::default())).collect();
        Self { asleep: CachePadded::new(AtomicU64::new(0)), parkers }
    }

    /// Sleeps until woken, unless `has_work` says that there is no need.
    pub fn sleep(&self, worker: usize, has_work: impl Fn() -> bool) {
        let bit = 1 << worker;
        self.asleep.fetch_or(bit, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !has_work() {
            self.parkers[worker].park_until(None);
        }
        self.asleep.fetch_and(!bit, Ordering::SeqCst);
    }

    /// Wakes `worker`, or any one for `None`, if it sleeps. The job is in by now.
    #[inline]
    pub fn wake(&self, worker: Option<usize>) {
        fence(Ordering::SeqCst);
        let asleep = self.asleep.load(Ordering::Relaxed);
        if asleep != 0 {
            self.wake_of(asleep, worker);
        }
    }

    #[cold]
    fn wake_of(&self, mut asleep: u64, worker: Option<usize>) {
        if let Some(worker) = worker {
            asleep &= 1 << worker;
        }
        while asleep != 0 {
            let first = asleep.trailing_zeros() as usize;
            // Only one of several wakers gets the worker; the others look for the next one.
            if self.asleep.fetch_and(!(1 << first), Ordering::SeqCst) & 1 << first != 0 {
                self.parkers[first].unpark();
                return;
            }
            asleep &= !(1 << first);
        }
    }

    /// Wakes all that sleep.
    pub fn wake_all(&self) {
        fence(Ordering::SeqCst);
        let asleep = self.asleep.swap(0, Ordering::SeqCst);
        for (at, parker) in self.parkers.iter().enumerate() {
            if asleep & 1 << at != 0 {
                parker.unpark();
            }
        }
    }
}
