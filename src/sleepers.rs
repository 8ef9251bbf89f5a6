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

/// How a worker that does not run is made to: it is called with the worker's number.
pub type Summon = Box<dyn Fn(usize) + Send + Sync>;

/// Where the workers of one runner sleep.
pub struct Sleepers {
    asleep: CachePadded<AtomicU64>,
    parkers: Box<[CachePadded<Parker>]>,
    /// Instead of the parkers, where workers are no threads of ours.
    summon: Option<Summon>,
}

impl Sleepers {
    /// Places for so many workers, all awake.
    pub fn new(workers: u32) -> Self {
        let parkers = (0..workers).map(|_| CachePadded::new(Parker::default())).collect();
        Self { asleep: CachePadded::new(AtomicU64::new(0)), parkers, summon: None }
    }

    /// The same where none runs until it is summoned.
    pub fn summoned(workers: u32, summon: Summon) -> Self {
        let mut sleepers = Self::new(workers);
        let all = u64::MAX >> (WORKERS_MAX - workers.clamp(1, WORKERS_MAX));
        *sleepers.asleep = AtomicU64::new(all);
        sleepers.summon = Some(summon);
        sleepers
    }

    /// `worker` is about to return to whoever summoned it. False when it must go on, because
    /// there is work and nobody else was summoned for it.
    pub fn retire(&self, worker: usize, has_work: impl Fn() -> bool) -> bool {
        let bit = 1 << worker;
        self.asleep.fetch_or(bit, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        // Whoever takes the bit back runs the worker: this call, or a new one.
        !has_work() || self.asleep.fetch_and(!bit, Ordering::SeqCst) & bit == 0
    }

    /// `worker` was written off and may be summoned anew.
    pub fn free(&self, worker: usize) {
        self.asleep.fetch_or(1 << worker, Ordering::SeqCst);
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
                self.rouse(first);
                return;
            }
            asleep &= !(1 << first);
        }
    }

    /// Wakes all that sleep.
    pub fn wake_all(&self) {
        fence(Ordering::SeqCst);
        let asleep = self.asleep.swap(0, Ordering::SeqCst);
        for at in 0..self.parkers.len() {
            if asleep & 1 << at != 0 {
                self.rouse(at);
            }
        }
    }

    fn rouse(&self, worker: usize) {
        match &self.summon {
            Some(summon) => summon(worker),
            None => self.parkers[worker].unpark(),
        }
    }
}
